// Tables: aligned for a terminal, or as Markdown.

/// Rows of cells under a heading.
public struct TextTable: Sendable, Equatable {
    /// Names of the columns.
    public var heading: [String]
    /// Cells; every row is as long as the heading.
    public private(set) var rows: [[String]] = []

    /// A table without rows.
    public init(_ heading: [String]) { self.heading = heading }

    /// Adds a row.
    public mutating func add(_ row: [String]) {
        precondition(row.count == heading.count, "a row needs a cell for every column")
        rows.append(row)
    }

    /// The table with aligned columns: the first one left, the others right.
    public var aligned: String {
        let all = [heading] + rows
        let widths = heading.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { row in
            row.enumerated().map { column, cell in
                let blanks = String(repeating: " ", count: widths[column] - cell.count)
                return column == 0 ? cell + blanks : blanks + cell
            }.joined(separator: "  ").trimmingEnd
        }.joined(separator: "\n")
    }

    /// The table as Markdown.
    public var markdown: String {
        let rule = heading.indices.map { $0 == 0 ? "---" : "---:" }
        return ([heading, rule] + rows).map { row in
            "| "
                + row.map { $0.split(separator: "|").joined(separator: "\\|") }
                .joined(separator: " | ") + " |"
        }.joined(separator: "\n")
    }
}

extension String {
    /// The text without the blanks at its end.
    var trimmingEnd: String {
        var text = Substring(self)
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
