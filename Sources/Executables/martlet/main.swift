// The proxy. Everything it does is in Supervisor.

import Glibc
import Supervisor

exit(Martlet.run(arguments: Array(CommandLine.arguments.dropFirst())))
