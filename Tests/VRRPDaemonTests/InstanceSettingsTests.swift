// What a definition means to the election and to packets.

import Testing
import VRRPConfig

@testable import VRRPDaemon

@Suite struct InstanceSettingsTests {
    private func definition(
        _ change: (inout InstanceDefinition) -> Void
    ) -> InstanceDefinition {
        var definition = InstanceDefinition(name: "VI")
        definition.virtualRouterID = 7
        change(&definition)
        return definition
    }

    @Test func `a last advert is sent unless it is switched off`() {
        #expect(
            definition { _ in }.settings(startupDelay: 0, source: nil).sendsLastAdvertisement)
        let silent = definition { $0.advertisesBeforeSteppingDown = false }
        #expect(!silent.settings(startupDelay: 0, source: nil).sendsLastAdvertisement)
    }

    @Test func `an owner that ignores adverts hears nobody, others still listen`() {
        let owner = definition {
            $0.ownerIgnoresAdverts = true
            $0.priority = 255
        }
        #expect(owner.receiveRules().ignoresAll)
        #expect(owner.settings(startupDelay: 0, source: nil).ownerIgnoresAdvertisements)
        let ordinary = definition { $0.ownerIgnoresAdverts = true }
        #expect(!ordinary.receiveRules().ignoresAll)
        #expect(!definition { $0.priority = 255 }.receiveRules().ignoresAll)
    }

    @Test func `the highest priority of others tells when one of them has taken over`() {
        let settings = definition { $0.timerExpiredPriority = 100 }
            .settings(startupDelay: 0, source: nil)
        #expect(settings.highestOtherPriority == 100)
        let usual = definition { _ in }.settings(startupDelay: 0, source: nil)
        #expect(usual.highestOtherPriority == 254)
        #expect(settings.oversleepLimit > usual.oversleepLimit)
    }
}
