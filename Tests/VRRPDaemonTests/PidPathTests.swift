// Where pid files stand, as measured with keepalived 2.2.7 and 2.3.4.

import Testing
import VRRPConfig

@testable import VRRPDaemon

@Suite struct PidPathTests {
    private func paths(
        instance: String? = nil, namespace: String? = nil, usesFolder: Bool = false
    ) -> [String] {
        var configuration = VRRPConfiguration()
        configuration.global.instanceName = instance
        configuration.global.usesPIDDirectory = usesFolder
        configuration.global.networkNamespace = namespace
        return ["keepalived", "vrrp"].map { DaemonStart.pidPath(configuration, Options(), $0) }
    }

    @Test func `a lone daemon has its pid files in the usual place`() {
        #expect(paths() == ["/run/keepalived.pid", "/run/vrrp.pid"])
    }

    @Test func `a name, a folder or a namespace moves them`() {
        let named = ["/run/keepalived/keepalived_a.pid", "/run/keepalived/vrrp_a.pid"]
        #expect(paths(instance: "a") == named)
        #expect(paths(instance: "a", usesFolder: true) == named)
        #expect(
            paths(usesFolder: true) == [
                "/run/keepalived/keepalived.pid", "/run/keepalived/vrrp.pid",
            ])
        #expect(
            paths(instance: "a", namespace: "n") == [
                "/run/keepalived/n/keepalived_a.pid", "/run/keepalived/n/vrrp_a.pid",
            ])
    }
}
