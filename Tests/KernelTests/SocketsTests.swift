// Sockets over the loopback interface: making connections, moving bytes, ends and errors.

import Addresses
import Bytes
import Glibc
@testable import Kernel
import RandomInputs
import Testing

@Suite struct SocketsTests {
    @Test func `accepting gives the client's address, and then says that nobody waits`() throws {
        let listener = try Loopback.listener()
        let client = try Descriptor.socket(family: AF_INET, type: Int32(SOCK_STREAM.rawValue))
        _ = try client.connect(to: try listener.localAddress())
        check(awaits(listener.number, POLLIN))
        var address = RawSocketAddress()
        guard case .accepted(let accepted) = listener.accept(from: &address) else {
            Issue.record("nothing accepted")
            return
        }
        #expect(address.ip == (try client.localAddress().ip))
        #expect(try accepted.peerAddress().ip == client.localAddress().ip)
        #expect(try accepted.localAddress().ip == listener.localAddress().ip)
        check(fcntl(accepted.number, F_GETFL) & O_NONBLOCK != 0)
        check(fcntl(accepted.number, F_GETFD) & FD_CLOEXEC != 0)
        switch listener.accept(from: &address) {
        case .wouldBlock: break
        default: Issue.record("somebody waited")
        }
    }

    @Test func `accepting on what does not listen is a failure with its number`() throws {
        let socket = try Descriptor.socket(family: AF_INET, type: Int32(SOCK_STREAM.rawValue))
        var address = RawSocketAddress()
        switch socket.accept(from: &address) {
        case .failed(let failure): #expect(failure.code == EINVAL)
        default: Issue.record("accepted")
        }
    }

    @Test func `a refused connection is told once through the socket's error`() throws {
        let free: RawSocketAddress
        do {
            let listener = try Loopback.listener()
            free = try listener.localAddress()
        }
        let socket = try Descriptor.socket(family: AF_INET, type: Int32(SOCK_STREAM.rawValue))
        do {
            let isConnected = try socket.connect(to: free)
            check(!isConnected)
            check(awaits(socket.number, POLLOUT))
            #expect(socket.takeSocketError() == .connectionRefused)
        } catch {
            // The kernel may refuse within the call.
            #expect(error == .connectionRefused)
        }
        #expect(socket.takeSocketError() == nil)
    }

    @Test func `bytes sent are received, and a read never waits`() throws {
        let pair = try Loopback()
        var out = Buffer(capacity: 64)
        out.append("hello")
        let sent = pair.near.send(from: &out, length: 3)
        #expect(sent == .bytes(3))
        #expect(text(out) == "lo")
        check(awaits(pair.far.number, POLLIN))
        var inbound = Buffer(capacity: 64)
        let first = pair.far.receive(into: &inbound, atMost: 2)
        check(first == .bytes(2) && text(inbound) == "he")
        let second = pair.far.receive(into: &inbound)
        check(second == .bytes(1) && text(inbound) == "hel")
        let third = pair.far.receive(into: &inbound)
        #expect(third == .wouldBlock)
    }

    @Test func `two buffers go out in one call, in order, and only what went is consumed`() throws {
        let pair = try Loopback()
        var head = Buffer(capacity: 64)
        var body = Buffer(capacity: 64)
        head.append("head:")
        body.append("body and the next")
        let sent = pair.near.send(&head, then: &body, length: 4)
        #expect(sent == .bytes(9))
        check(head.isEmpty && text(body) == " and the next")
        check(awaits(pair.far.number, POLLIN))
        var inbound = Buffer(capacity: 64)
        let got = pair.far.receive(into: &inbound)
        check(got == .bytes(9) && text(inbound) == "head:body")
    }

    @Test func `a short write of two buffers loses no byte and repeats none`() throws {
        var random = Seeded(for: "short writes")
        let pair = try Loopback(sendBytes: 4096, receiveBytes: 4096)
        let total = 2_000_000
        var expected: [UInt8] = []
        var received: [UInt8] = []
        var first = Buffer(capacity: 100_000)
        var second = Buffer(capacity: 100_000)
        var hasWaited = false
        while received.count < total {
            if first.isEmpty && second.isEmpty && expected.count < total {
                for _ in 0..<2 {
                    let bytes = (0..<Int.random(in: 1...60_000, using: &random)).map { _ in
                        UInt8.random(in: 0...255, using: &random)
                    }
                    expected += bytes
                    if first.isEmpty { first.append(bytes) } else { second.append(bytes) }
                }
            }
            var result = WriteResult.wouldBlock
            if !first.isEmpty && !second.isEmpty {
                result = pair.near.send(&first, then: &second, length: second.count)
            } else if !first.isEmpty {
                result = pair.near.send(from: &first, length: first.count)
            } else if !second.isEmpty {
                result = pair.near.send(from: &second, length: second.count)
            }
            if case .failed(let failure) = result {
                Issue.record("\(failure.text)")
                return
            }
            if result == .wouldBlock { hasWaited = true }
            var inbound = Buffer(capacity: Int.random(in: 1...50_000, using: &random))
            if case .bytes = pair.far.receive(into: &inbound) {
                let span = inbound.span
                for index in span.indices { received.append(span[index]) }
            } else if first.isEmpty && second.isEmpty && expected.count >= total {
                if received.count >= expected.count { break }
                check(awaits(pair.far.number, POLLIN))
            }
        }
        // What is still under way.
        while received.count < expected.count - first.count - second.count {
            guard awaits(pair.far.number, POLLIN) else { break }
            var inbound = Buffer(capacity: 50_000)
            guard case .bytes = pair.far.receive(into: &inbound) else { break }
            let span = inbound.span
            for index in span.indices { received.append(span[index]) }
        }
        check(hasWaited, "the socket never was full")
        check(received.elementsEqual(expected[..<received.count]))
        #expect(received.count == expected.count - first.count - second.count)
    }

    @Test func `shutting one direction ends it and leaves the other`() throws {
        let pair = try Loopback()
        pair.near.shutdownSending()
        check(awaits(pair.far.number, POLLIN))
        var inbound = Buffer(capacity: 16)
        let end = pair.far.receive(into: &inbound)
        #expect(end == .ended)
        var out = Buffer(capacity: 16)
        out.append("still")
        let sent = pair.far.send(from: &out, length: 5)
        #expect(sent == .bytes(5))
        check(awaits(pair.near.number, POLLIN))
        let got = pair.near.receive(into: &inbound)
        #expect(got == .bytes(5))
        out.append("x")
        let refused = pair.near.send(from: &out, length: 1)
        #expect(refused == .failed(.brokenPipe))
    }

    @Test func `a close that was told to reset is seen as a reset`() throws {
        var pair = try Loopback()
        pair.near.resetOnClose()
        pair.near.take().close()
        check(awaits(pair.far.number, POLLIN))
        var inbound = Buffer(capacity: 16)
        let result = pair.far.receive(into: &inbound)
        #expect(result == .failed(.connectionReset))
    }

    @Test func `a socket is quiet only while there is neither a byte nor an end nor an error`()
        throws
    {
        let silent = try Loopback()
        check(silent.far.isQuiet())
        var out = Buffer(capacity: 16)
        out.append("x")
        _ = silent.near.send(from: &out, length: 1)
        check(awaits(silent.far.number, POLLIN))
        check(!silent.far.isQuiet())
        var inbound = Buffer(capacity: 16)
        _ = silent.far.receive(into: &inbound)
        check(silent.far.isQuiet())
        silent.near.shutdownSending()
        check(awaits(silent.far.number, POLLIN))
        check(!silent.far.isQuiet())
        var reset = try Loopback()
        reset.near.resetOnClose()
        reset.near.take().close()
        check(awaits(reset.far.number, POLLIN))
        check(!reset.far.isQuiet())
    }

    @Test(arguments: [true, false])
    func `bytes go through a pipe unchanged, with or without more to come`(more: Bool) throws {
        var random = Seeded(for: "splice")
        let source = try Loopback()
        let sink = try Loopback()
        let pipe = try Pipe(capacity: 1 << 20)
        check(pipe.capacity >= 65536)
        let ends = pipe.surrender()
        let read = Descriptor(owning: ends.read)
        let write = Descriptor(owning: ends.write)
        let bytes = (0..<300_000).map { _ in UInt8.random(in: 0...255, using: &random) }
        var out = Buffer(capacity: bytes.count)
        out.append(bytes)
        var received: [UInt8] = []
        var inPipe = 0
        while received.count < bytes.count {
            if !out.isEmpty { _ = source.near.send(from: &out, length: out.count) }
            if case .bytes(let count) = source.far.splice(
                intoPipe: write.number, length: 200_000)
            {
                inPipe += count
            }
            if inPipe > 0 {
                switch sink.near.splice(fromPipe: read.number, length: inPipe, more: more) {
                case .bytes(let count): inPipe -= count
                case .wouldBlock: break
                case .failed(let failure):
                    Issue.record("\(failure.text)")
                    return
                }
            }
            var inbound = Buffer(capacity: 65536)
            if case .bytes = sink.far.receive(into: &inbound) {
                let span = inbound.span
                for index in span.indices { received.append(span[index]) }
            } else if inPipe == 0 && out.isEmpty && source.far.isQuiet() {
                check(awaits(sink.far.number, POLLIN))
            }
        }
        #expect(received == bytes)
        let nothing = source.far.splice(intoPipe: write.number, length: 100)
        #expect(nothing == .wouldBlock)
        let empty = sink.near.splice(fromPipe: read.number, length: 100)
        #expect(empty == .wouldBlock)
        source.near.shutdownSending()
        check(awaits(source.far.number, POLLIN))
        let ended = source.far.splice(intoPipe: write.number, length: 100)
        #expect(ended == .ended)
    }

    @Test func `a datagram reaches its address whole`() throws {
        let receiver = try Descriptor.socket(family: AF_INET, type: SocketTypeNumber.datagram)
        try receiver.bind(to: Loopback.anyPort)
        let sender = try Descriptor.socket(family: AF_INET, type: SocketTypeNumber.datagram)
        let sent = sender.sendDatagram(
            ([1, 2, 3] as [UInt8]).span, to: try receiver.localAddress())
        #expect(sent == .bytes(3))
        check(awaits(receiver.number, POLLIN))
        var inbound = Buffer(capacity: 64)
        let got = receiver.receive(into: &inbound)
        #expect(got == .bytes(3))
    }
}

@Suite struct PollerTests {
    @Test func `an edge is told once, and again after new bytes, however few were read`() throws {
        let pair = try Loopback()
        var poller = try Poller(batch: 4)
        try poller.add(pair.far.number, .stream, data: 77)
        // The registration itself tells the present state.
        let first = poller.wait(milliseconds: 10_000)
        #expect(first == 1)
        let event = poller.event(at: 0)
        #expect(event.data == 77)
        check(event.events.contains(.writable) && !event.events.contains(.readable))
        let quiet = poller.wait(milliseconds: 0)
        #expect(quiet == 0)
        for _ in 0..<3 {
            var out = Buffer(capacity: 16)
            out.append("xy")
            _ = pair.near.send(from: &out, length: 2)
            let woken = poller.wait(milliseconds: 10_000)
            #expect(woken == 1)
            check(poller.event(at: 0).events.contains(.readable))
            let again = poller.wait(milliseconds: 0)
            #expect(again == 0, "a state was told twice")
            var inbound = Buffer(capacity: 1)
            _ = pair.far.receive(into: &inbound)
        }
    }

    @Test func `the other side's end, a hang-up and a reset are told apart`() throws {
        let pair = try Loopback()
        var poller = try Poller()
        try poller.add(pair.far.number, .stream, data: 1)
        _ = poller.wait(milliseconds: 10_000)
        pair.near.shutdownSending()
        let ended = poller.wait(milliseconds: 10_000)
        #expect(ended == 1)
        check(poller.event(at: 0).events.contains([.readable, .peerEnded]))
        check(!poller.event(at: 0).events.contains(.hangUp))
        pair.far.shutdownSending()
        let hungUp = poller.wait(milliseconds: 10_000)
        #expect(hungUp == 1)
        check(poller.event(at: 0).events.contains(.hangUp))

        var other = try Loopback()
        try poller.add(other.far.number, .stream, data: 2)
        _ = poller.wait(milliseconds: 10_000)
        other.near.resetOnClose()
        other.near.take().close()
        let reset = poller.wait(milliseconds: 10_000)
        check(reset == 1 && poller.event(at: 0).data == 2)
        check(poller.event(at: 0).events.contains(.error))
    }

    @Test func `room to write is told as an edge after the socket was full`() throws {
        let pair = try Loopback(sendBytes: 8192, receiveBytes: 8192)
        var poller = try Poller()
        try poller.add(pair.near.number, .stream, data: 5)
        _ = poller.wait(milliseconds: 10_000)
        var out = Buffer(capacity: 1 << 20)
        out.append([UInt8](repeating: 9, count: 1 << 20))
        fill: while true {
            switch pair.near.send(from: &out, length: out.count) {
            case .bytes: continue
            default: break fill
            }
        }
        _ = poller.wait(milliseconds: 0)
        var inbound = Buffer(capacity: 1 << 20)
        var isWritable = false
        for _ in 0..<1000 where !isWritable {
            if inbound.room == 0 { inbound.removeAll() }
            _ = pair.far.receive(into: &inbound)
            let count = poller.wait(milliseconds: 10)
            isWritable = count == 1 && poller.event(at: 0).events.contains(.writable)
        }
        check(isWritable)
    }

    @Test func `no more events than a batch come at once, and the rest comes next`() throws {
        var wakeUps = 0
        var poller = try Poller(batch: 2)
        let first = try WakeUp()
        let second = try WakeUp()
        let third = try WakeUp()
        try poller.add(first.number, [.readable, .edge], data: 1)
        try poller.add(second.number, [.readable, .edge], data: 2)
        try poller.add(third.number, [.readable, .edge], data: 3)
        first.signal()
        second.signal()
        third.signal()
        var seen: Set<UInt64> = []
        while wakeUps < 3 {
            let count = poller.wait(milliseconds: 10_000)
            check(count == 1 || count == 2)
            if count == 0 { break }
            for index in 0..<count { seen.insert(poller.event(at: index).data) }
            wakeUps += count
        }
        #expect(seen == [1, 2, 3])
    }

    @Test func `what is removed or closed is told no more`() throws {
        let wakeUp = try WakeUp()
        var poller = try Poller()
        try poller.add(wakeUp.number, [.readable], data: 1)
        wakeUp.signal()
        let level = poller.wait(milliseconds: 10_000)
        let stillThere = poller.wait(milliseconds: 0)
        check(level == 1 && stillThere == 1, "without .edge the state is told")
        try poller.remove(wakeUp.number)
        let removed = poller.wait(milliseconds: 0)
        #expect(removed == 0)
        #expect(throws: Errno(ENOENT)) { try poller.remove(wakeUp.number) }
    }
}

@Suite struct WakeUpTests {
    @Test func `signals are merged until they are cleared`() throws {
        let wakeUp = try WakeUp()
        wakeUp.clear()
        var poller = try Poller()
        try poller.add(wakeUp.number, [.readable, .edge], data: 9)
        wakeUp.signal()
        wakeUp.signal()
        let woken = poller.wait(milliseconds: 10_000)
        #expect(woken == 1)
        wakeUp.clear()
        let quiet = poller.wait(milliseconds: 0)
        #expect(quiet == 0)
        wakeUp.signal()
        let again = poller.wait(milliseconds: 10_000)
        #expect(again == 1)
    }
}

@Suite struct DescriptorTests {
    @Test func `a descriptor is closed when it ends, unless it was given away`() throws {
        var number: Int32 = -1
        do {
            let socket = try Descriptor.socket(family: AF_INET, type: SocketTypeNumber.stream)
            number = socket.number
            // The number itself may be taken by another thread once it is free, so the test asks
            // for what only this socket is.
            check(fcntl(number, F_GETFD) >= 0)
        }
        var taken = try Descriptor.socket(family: AF_INET, type: SocketTypeNumber.stream)
        let moved = taken.take()
        check(!taken.isOpen && moved.isOpen)
        let kept = moved.surrender()
        check(fcntl(kept, F_GETFD) >= 0)
        #expect(close(kept) == 0)
    }

    @Test func `a pair's far end sees the near end's close`() throws {
        var pair = try Loopback()
        pair.near.take().close()
        check(awaits(pair.far.number, POLLIN))
        var inbound = Buffer(capacity: 4)
        let result = pair.far.receive(into: &inbound)
        #expect(result == .ended)
    }
}

private func text(_ buffer: borrowing Buffer) -> String {
    let span = buffer.span
    return String(decoding: span.indices.map { span[$0] }, as: UTF8.self)
}

/// Expects a condition over values that cannot be copied, which the macro cannot take apart.
func check(
    _ holds: Bool, _ comment: Comment? = nil, at place: SourceLocation = #_sourceLocation
) {
    #expect(holds, comment, sourceLocation: place)
}
