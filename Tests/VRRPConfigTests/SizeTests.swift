// Large configurations are read in time that grows with their size.

import Testing

@testable import VRRPConfig

@Suite struct SizeTests {
    @Test(.timeLimit(.minutes(1))) func `thousands of instances are read`() throws {
        let text = """
            global_defs {
                dynamic_interfaces
            }
            $VI= \\
            vrrp_instance V.${NET}.${ID} { \\
                interface eth${NET} \\
                virtual_router_id ${ID} \\
                virtual_ipaddress { \\
                    10.${NET}.${ID}.1/24 \\
                } \\
            }
            ~SEQ(NET,0,7) ~SEQ(ID,1,255) $VI
            """
        let loaded = load(text)
        #expect(loaded.configuration?.instances.count == 2040)
        #expect(loaded.texts.isEmpty)
    }
}
