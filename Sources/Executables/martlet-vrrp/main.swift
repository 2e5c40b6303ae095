// The daemon of virtual addresses. Everything it does is in VRRPDaemon.

import Glibc
import VRRPDaemon

exit(MartletVRRP.run(arguments: Array(CommandLine.arguments.dropFirst())))
