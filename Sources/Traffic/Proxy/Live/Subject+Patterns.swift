// Changing maps and access lists from rules.

import Samples

// Safety: what a subject points at is alive and its own, as its type says.
extension Subject {
    /// Changes a list of patterns of a configuration; other streams see it from now on.
    ///
    /// Control data in the data path: it takes the lock of all lists and allocates.
    public func edit(_ store: PatternStore, _ body: (PatternStore) -> Void) {
        unsafe worker.pointee.engine.patterns.edit(store, body)
    }
}
