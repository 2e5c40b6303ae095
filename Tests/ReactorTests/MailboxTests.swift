// Mail from several threads, and handles that wait for their turn.

import Glibc
import Kernel
import Reactor
import Structures
import Synchronization
import RandomInputs
import Testing

@Suite struct MailboxTests {
    @Test func `mail is taken in the order it was left, and once`() throws {
        let mailbox = try Mailbox<Int>()
        #expect(mailbox.takeAll() == [])
        for number in 0..<100 { mailbox.post(number) }
        #expect(mailbox.takeAll() == Array(0..<100))
        #expect(mailbox.takeAll() == [])
    }

    @Test func `the first message and a nudge wake the reader, taking lets it rest`() throws {
        let mailbox = try Mailbox<Int>()
        #expect(!isReadable(mailbox.number, milliseconds: 0))
        mailbox.post(1)
        mailbox.post(2)
        #expect(isReadable(mailbox.number, milliseconds: 0))
        _ = mailbox.takeAll()
        #expect(!isReadable(mailbox.number, milliseconds: 0))
        mailbox.nudge()
        #expect(isReadable(mailbox.number, milliseconds: 0))
        #expect(mailbox.takeAll() == [])
        #expect(!isReadable(mailbox.number, milliseconds: 0))
    }

    @Test func `several threads lose nothing and keep their own order`() throws {
        let mailbox = try Mailbox<Int>()
        let writers = 4
        let each = 5000
        let threads = try (0..<writers).map { writer in
            try SystemThread {
                for number in 0..<each { mailbox.post(writer * each + number) }
            }
        }
        var poller = try Poller(batch: 8)
        try poller.add(mailbox.number, [.readable, .edge], data: 1)
        var next = [Int](repeating: 0, count: writers)
        var taken = 0
        while taken < writers * each {
            try #require(poller.wait(milliseconds: 10_000) == 1, "a message woke nobody")
            for message in mailbox.takeAll() {
                #expect(message % each == next[message / each])
                next[message / each] += 1
                taken += 1
            }
        }
        for thread in threads { thread.join() }
        #expect(mailbox.takeAll() == [])
    }

    private func isReadable(_ number: Int32, milliseconds: Int32) -> Bool {
        var wanted = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
        return poll(&wanted, 1, milliseconds) == 1
    }
}

@Suite struct RunQueueTests {
    @Test func `handles leave in the order they came`() {
        var queue = RunQueue(reserve: 4)
        #expect(queue.count == 0)
        let none = queue.pop()
        #expect(none == nil)
        for index in 0..<10 as Range<UInt32> { queue.push(Handle(index: index, generation: 1)) }
        #expect(queue.count == 10)
        for index in 0..<10 {
            let handle = queue.pop()
            #expect(handle == Handle(index: UInt32(index), generation: 1))
        }
        #expect(queue.isEmpty == true)
    }

    @Test func `any mix of pushes and pops agrees with an array`() {
        var random = Seeded(for: "run queue against an array")
        for _ in 0..<5 {
            var queue = RunQueue(reserve: 16)
            var model: [UInt64] = []
            var next: UInt32 = 0
            for _ in 0..<20_000 {
                // More pushes than pops, so that the front moves far into the storage.
                if Int.random(in: 0..<20, using: &random) < 11 {
                    queue.push(Handle(index: next, generation: 3))
                    model.append(Handle(index: next, generation: 3).word)
                    next += 1
                } else {
                    let handle = queue.pop()
                    #expect(handle?.word == model.first)
                    if !model.isEmpty { model.removeFirst() }
                }
                if queue.count != model.count { Issue.record("\(queue.count) \(model.count)") }
            }
            while let handle = queue.pop() { #expect(handle.word == model.removeFirst()) }
            #expect(model.isEmpty)
            #expect(queue.isEmpty == true)
        }
    }

    @Test func `what is pushed while a turn runs waits for the next turn`() {
        // The worker takes as many as waited when the turn began.
        var queue = RunQueue(reserve: 4)
        for index in 0..<3 as Range<UInt32> { queue.push(Handle(index: index, generation: 1)) }
        var turns = 0
        while turns < 5 {
            turns += 1
            var budget = queue.count
            #expect(budget == 3)
            while budget > 0, let handle = queue.pop() {
                budget -= 1
                queue.push(handle)
            }
        }
        #expect(queue.count == 3)
    }

    @Test func `the storage does not grow with what has passed through`() {
        var queue = RunQueue(reserve: 16)
        queue.push(Handle(index: 0, generation: 1))
        // Never empty, so only the cleaning of taken handles keeps the storage small.
        for index in 1..<100_000 as Range<UInt32> {
            queue.push(Handle(index: index, generation: 1))
            let handle = queue.pop()
            if handle?.index != index - 1 { Issue.record("\(index)") }
        }
        #expect(queue.count == 1)
    }
}
