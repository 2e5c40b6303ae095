// Reading and changing the data of an entry.

extension StickShard {
    /// The value of an element: of a rate, its events in the period that ends now.
    @inline(__always)
    mutating func read(_ element: StickPlace, _ place: UInt32) -> Int64 {
        let word = base(place) &+ element.word
        switch element.kind {
        case .number, .name: return Int64(words[word])
        case .signed: return Int64(Int32(bitPattern: words[word]))
        case .wide: return Int64(bitPattern: wide(at: word))
        case .rate:
            return Int64(rate(at: word).total(period: element.period, now: clock))
                &* Int64(element.factor)
        }
    }

    /// The counts of a rate.
    mutating func counts(_ element: StickPlace, _ place: UInt32) -> StickRate {
        assert(element.kind == .rate)
        return rate(at: base(place) &+ element.word)
    }

    /// Carries out updates in order.
    @inline(__always)
    mutating func apply(
        _ updates: Span<StickUpdate>, from first: Int = 0, _ place: UInt32,
        _ layout: borrowing StickRecordLayout
    ) {
        for index in first..<updates.count {
            let update = updates[index]
            if let element = layout.effectivePlace(of: update.type, Int(update.index)) {
                apply(update, to: element, place)
            }
        }
    }

    /// Carries out updates in order; returns the first one's element before and after it.
    @inline(__always)
    mutating func applyReporting(
        _ updates: Span<StickUpdate>, _ place: UInt32, _ layout: borrowing StickRecordLayout
    ) -> (before: Int64?, after: Int64?) {
        if updates.isEmpty { return (nil, nil) }
        var values: (before: Int64?, after: Int64?) = (nil, nil)
        if let element = layout.effectivePlace(of: updates[0].type, Int(updates[0].index)) {
            values.before = read(element, place)
            apply(updates[0], to: element, place)
            values.after = read(element, place)
        }
        apply(updates, from: 1, place, layout)
        return values
    }

    @inline(__always)
    private mutating func apply(
        _ update: StickUpdate, to element: StickPlace, _ place: UInt32
    ) {
        let word = base(place) &+ element.word
        switch (element.kind, update.operation) {
        case (.rate, .add):
            var rate = rate(at: word)
            let events =
                element.factor == 1
                ? update.amount.magnitude : blocks(update.amount.magnitude, element, word)
            rate.add(events, period: element.period, now: clock)
            setRate(rate, at: word)
        case (.rate, .subtract): break
        case (.rate, .set):
            let events = UInt64(bitPattern: update.amount) / UInt64(element.factor)
            if element.factor > 1 { words[word &+ StickRate.words] = 0 }
            setRate(
                StickRate(start: clock, current: UInt32(truncatingIfNeeded: events)), at: word)
        case (.wide, .add): setWide(wide(at: word) &+ update.amount.magnitude, at: word)
        case (.wide, .subtract):
            let value = wide(at: word)
            setWide(value - min(value, update.amount.magnitude), at: word)
        case (.wide, .set): setWide(UInt64(bitPattern: update.amount), at: word)
        case (_, .add): words[word] &+= UInt32(truncatingIfNeeded: update.amount)
        case (_, .subtract):
            words[word] -= UInt32(min(UInt64(words[word]), update.amount.magnitude))
        case (_, .set): words[word] = UInt32(truncatingIfNeeded: update.amount)
        }
    }

    /// The blocks that are full with further bytes; the rest is kept for the next time, so that
    /// many small shares come to the same as a large one.
    private mutating func blocks(_ bytes: UInt64, _ element: StickPlace, _ word: Int) -> UInt64 {
        let rest = word &+ StickRate.words
        let factor = UInt64(element.factor)
        let odd = bytes % factor &+ UInt64(words[rest])
        words[rest] = UInt32(truncatingIfNeeded: odd % factor)
        return bytes / factor &+ odd / factor
    }

    private mutating func wide(at word: Int) -> UInt64 {
        UInt64(words[word]) | UInt64(words[word &+ 1]) &<< 32
    }

    private mutating func setWide(_ value: UInt64, at word: Int) {
        words[word] = UInt32(truncatingIfNeeded: value)
        words[word &+ 1] = UInt32(truncatingIfNeeded: value &>> 32)
    }

    @inline(__always)
    private mutating func rate(at word: Int) -> StickRate {
        StickRate(start: wide(at: word), current: words[word &+ 2], previous: words[word &+ 3])
    }

    @inline(__always)
    private mutating func setRate(_ rate: StickRate, at word: Int) {
        setWide(rate.start, at: word)
        words[word &+ 2] = rate.current
        words[word &+ 3] = rate.previous
    }
}
