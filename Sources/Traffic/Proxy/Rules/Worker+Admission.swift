// Rules of connections and sessions: they run when a client has come, before anything is read.
// configuration manual: tcp-request connection, tcp-request session.

import Kernel
import Structures

extension Worker {
    /// Runs the rules for a client that has just come; false when it was turned away.
    mutating func admit(_ client: Handle) -> Bool {
        let session = connections[client].session
        let own = sessions[session].program
        let proxy = Int(sessions[session].frontend)
        for step in [RuleStep.connection, RuleStep.session] {
            let range = programs[own].rules.range(proxy, step)
            if range.isEmpty { continue }
            isAdmitting = step == .connection
            defer { isAdmitting = false }
            // Safety: the call ends before this returns, and nothing else uses the worker.
            let (result, _) = unsafe withUnsafeMutablePointer(to: &self) { worker in
                unsafe Subject(worker, session: session, stream: .none, isFinal: true).run(
                    range, from: range.lowerBound, isAgain: false, program: own)
            }
            switch result {
            case .goOn, .stop: continue
            case .drop:
                if let trace { trace.finish(.dropped) }
                connections[client].descriptor.vanishOnClose()
            // A reset leaves nothing behind here, where an attack would fill the table of the
            // system's connections; a session may have been greeted already, and gets a FIN.
            case _ where step == .connection:
                connections[client].descriptor.resetOnClose()
            default: break
            }
            let entry = programs[own].proxies[proxy]
            entry.frontendCounters.add(step == .connection ? .deniedConnections : .deniedSessions)
            closeClient(client)
            return false
        }
        countTrackedSession(session)
        return true
    }
}

extension RuleSteps {
    /// The steps that a client meets before it has a stream.
    static let ofSessions: RuleSteps = [.connection, .session]
}
