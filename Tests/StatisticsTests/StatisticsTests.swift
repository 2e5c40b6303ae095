// Statistics commands over an engine with known figures.

import Foundation
import Proxy
import Testing

@Suite struct StatisticsTests {
    @Test func `Counters of all workers are summed`() throws {
        let idle = try IdleStatistics()
        let counters = idle.engine.live.frontend("fe").counters
        for worker in 0..<2 {
            let slice = counters.slice(worker: worker)
            slice.add(.requests, 10)
            slice.add(.sessions, 3)
            slice.add(.bytesIn, 1_000)
            slice.add(.responses2xx, 9)
        }
        let row = try #require(idle.rows()["fe/FRONTEND"])
        #expect(row["req_tot"] == "20")
        #expect(row["stot"] == "6")
        #expect(row["bin"] == "2000")
        #expect(row["hrsp_2xx"] == "18")
        #expect(row["h1req"] == "20")
        #expect(row["reqbin"] == "2000")
    }

    @Test func `Mean times are sums divided by streams, and the largest stand beside them`() throws
    {
        let idle = try IdleStatistics()
        let slice = idle.engine.live.backend("be").counters.slice(worker: 1)
        slice.add(.timedStreams, 4)
        slice.add(.connectMilliseconds, 10)
        slice.add(.totalMilliseconds, 400)
        slice.raise(.totalMillisecondsMax, to: 250)
        let row = try #require(idle.rows()["be/BACKEND"])
        #expect(row["ctime"] == "2")
        #expect(row["ttime"] == "100")
        #expect(row["ttime_max"] == "250")
    }

    @Test func `clear counters all sets counters to zero and clear counters only the largest`()
        throws
    {
        let idle = try IdleStatistics()
        let frontend = idle.engine.live.frontend("fe")
        frontend.counters.slice(worker: 0).add(.requests, 5)
        frontend.connectionsMax.store(9, ordering: .relaxed)
        #expect(idle.answer("clear counters", level: .operator_) == "")
        #expect(idle.rows()["fe/FRONTEND"]?["req_tot"] == "5")
        #expect(idle.rows()["fe/FRONTEND"]?["smax"] == "0")
        #expect(idle.answer("clear counters all", level: .operator_) == "Permission denied\n")
        #expect(idle.answer("clear counters all") == "")
        #expect(idle.rows()["fe/FRONTEND"]?["req_tot"] == "0")
        frontend.counters.slice(worker: 1).add(.requests, 2)
        #expect(idle.rows()["fe/FRONTEND"]?["req_tot"] == "2")
    }

    @Test func `States and weights show what was set at run time`() throws {
        let idle = try IdleStatistics()
        let backend = idle.engine.live.backend("be")
        backend.order.withLock { order in
            _ = order.change(0, nowSeconds: 1) { $0.admin = .forcedDrain }
        }
        let rows = idle.rows()
        #expect(rows["be/s1"]?["status"] == "DRAIN")
        #expect(rows["be/s3"]?["status"] == "MAINT")
        #expect(rows["be/BACKEND"]?["act"] == "0")
        #expect(rows["be/BACKEND"]?["bck"] == "1")
        #expect(rows["be/BACKEND"]?["status"] == "UP")
        backend.order.withLock { order in
            _ = order.change(0, nowSeconds: 1) {
                $0.admin = []
                $0.weight = 200
            }
        }
        #expect(idle.rows()["be/s1"]?["weight"] == "200")
        #expect(idle.rows()["be/BACKEND"]?["weight"] == "200")
        idle.engine.live.frontend("fe").isPaused.store(true, ordering: .relaxed)
        #expect(idle.rows()["fe/FRONTEND"]?["status"] == "PAUSED")
        idle.engine.live.frontend("fe").isStopped.store(true, ordering: .relaxed)
        #expect(idle.rows()["fe/FRONTEND"]?["status"] == "STOP")
    }

    @Test func `Rates count the last second and remember the most`() throws {
        let idle = try IdleStatistics()
        let slice = idle.engine.live.frontend("fe").counters.slice(worker: 0)
        idle.statistics.tick(idle.engine)
        slice.add(.requests, 50)
        #expect(Int(idle.rows()["fe/FRONTEND"]?["req_rate"] ?? "") == 50)
        idle.statistics.tick(idle.engine)
        idle.statistics.tick(idle.engine)
        #expect(Int(idle.rows()["fe/FRONTEND"]?["req_rate"] ?? "") == 0)
        #expect(idle.rows()["fe/FRONTEND"]?["req_rate_max"] == "50")
    }

    @Test func `Names with quotes and commas stay one field`() throws {
        var configuration = Sample.configuration
        configuration.proxies[2].servers[0].cookie = "a\"b,c"
        let text = try IdleStatistics(configuration).answer("show stat")
        #expect(text.contains(",\"a\"\"b,c\","))
    }

    @Test func `Every line has as many columns as the header`() throws {
        let lines = try IdleStatistics().answer("show stat").split(separator: "\n")
        let counts = Set(
            lines.map { $0.split(separator: ",", omittingEmptySubsequences: false).count })
        #expect(counts.count == 1)
        #expect(lines.count == 13)
    }

    @Test func `Descriptions follow the values where asked for`() throws {
        let idle = try IdleStatistics()
        #expect(idle.answer("show stat typed desc").contains(":KNS:str:fe:\"Name of the proxy\"\n"))
        #expect(idle.answer("show info desc").contains("Nbthread: 2:\"Worker threads\"\n"))
        #expect(idle.answer("show info typed desc").contains("3.Nbthread.1:CGS:u32:2:\"Worker"))
        #expect(!idle.answer("show info").contains("\""))
        let data = Data(idle.answer("show info json").utf8)
        #expect(try JSONSerialization.jsonObject(with: data) is [Any])
    }

    @Test func `Every command has a name of its own and a sentence`() throws {
        let commands = try IdleStatistics().statistics.commands
        #expect(Set(commands.map(\.words)).count == commands.count)
        for command in commands { #expect(!command.sentence.isEmpty) }
        #expect(try IdleStatistics().answer("show version") == "3.5-x\n")
    }
}
