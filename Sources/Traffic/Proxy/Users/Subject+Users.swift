// Users of requests: a name and a password against the list that an expression names.

// Safety: what a subject points at is alive and its own, as its type says.
extension Subject {
    /// The position of the user with that name and that password in a list; nil where there is
    /// none.
    public func user(_ name: Span<UInt8>, password: Span<UInt8>, in list: UserList) -> Int? {
        // Safety: as the type says; the worker keeps its environment for life.
        unsafe worker.pointee.evaluation._withUnsafeGuaranteedRef {
            list.user(name, password: password, $0.passwordCheck)
        }
    }
}
