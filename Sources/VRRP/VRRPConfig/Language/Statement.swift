// From lines to a tree of statements. Braces outside double quotes end a line; a block belongs to
// the statement before it, also when its brace stands on a line of its own.

import ConfigLanguage

/// A keyword with its words and, if one follows, its block.
struct Statement {
    /// The text of the line, without braces.
    var text: [UInt8]
    /// The words in the plain reading; empty when the line cannot be cut.
    var words: [String]
    /// Where the line stands.
    var place: SourceLocation
    /// The statements of its block; nil without one.
    var children: [Statement]?

    /// The keyword.
    var name: String { words.first ?? "" }
    /// The words behind the keyword.
    var arguments: ArraySlice<String> { words.dropFirst() }
}

/// Builds the tree.
struct StatementTree {
    /// Statements that are open, the outermost list first.
    private var open: [[Statement]] = [[]]
    /// Blocks beyond the bound on depth, whose content is left out.
    private var skippedDepth = 0

    /// The statements of all lines.
    static func build(_ lines: [LogicalLine], _ remarks: inout Remarks) -> [Statement] {
        var tree = StatementTree()
        for line in lines { tree.add(line, &remarks) }
        let missing = tree.open.count - 1 + tree.skippedDepth
        if missing > 0 {
            remarks.repair(
                "\(missing) '}' missing at the end; the blocks end there", at: lines.last?.place)
        }
        while tree.open.count > 1 { tree.close() }
        return tree.open[0]
    }

    private mutating func add(_ line: LogicalLine, _ remarks: inout Remarks) {
        var isQuoted = false
        var start = 0
        var index = 0
        let text = line.text
        while index < text.count {
            let byte = text[index]
            if byte == Letter.doubleQuote { isQuoted.toggle() }
            // A parameter nobody defined keeps its braces.
            if byte == Letter.dollar, index + 1 < text.count, text[index + 1] == Letter.openBrace,
                let end = text[index...].firstIndex(of: Letter.closeBrace)
            {
                if !isQuoted {
                    let name = String(decoding: text[index...end], as: UTF8.self)
                    remarks.warn("'\(name)' is not defined and stays as it is", at: line.place)
                }
                index = end + 1
                continue
            }
            if !isQuoted, byte == Letter.openBrace || byte == Letter.closeBrace {
                addText(text[start..<index], line.place, &remarks)
                start = index + 1
                if byte == Letter.openBrace {
                    openBlock(line.place, &remarks)
                } else {
                    closeBlock(line.place, &remarks)
                }
            }
            index += 1
        }
        addText(text[start...], line.place, &remarks)
    }

    private mutating func addText(
        _ text: ArraySlice<UInt8>, _ place: SourceLocation, _ remarks: inout Remarks
    ) {
        let line = trimmed(text)
        guard !line.isEmpty, skippedDepth == 0 else { return }
        var words: [String] = []
        switch Words.plain(line) {
        case .success(let found): words = found
        case .failure(.unterminatedQuote):
            remarks.repair("a quote is not closed; the line is left out", at: place)
        case .failure(.tooManyWords):
            remarks.repair("more than \(Bounds.words) words; the line is left out", at: place)
        }
        let statement = Statement(text: Array(line), words: words, place: place)
        open[open.count - 1].append(statement)
    }

    private mutating func openBlock(_ place: SourceLocation, _ remarks: inout Remarks) {
        if skippedDepth > 0 || open.count >= Bounds.blockDepth {
            if skippedDepth == 0 {
                remarks.repair("blocks are nested too deeply; this one is left out", at: place)
            }
            skippedDepth += 1
            return
        }
        let last = open[open.count - 1].count - 1
        if last < 0 || open[open.count - 1][last].children != nil {
            remarks.repair("'{' without a keyword; the block is left out", at: place)
            open[open.count - 1].append(Statement(text: [], words: [], place: place))
        }
        open.append([])
    }

    private mutating func closeBlock(_ place: SourceLocation, _ remarks: inout Remarks) {
        if skippedDepth > 0 {
            skippedDepth -= 1
        } else if open.count > 1 {
            close()
        } else {
            remarks.repair("'}' without a block; it is left out", at: place)
        }
    }

    private mutating func close() {
        let children = open.removeLast()
        let outer = open.count - 1
        let last = open[outer].count - 1
        if last >= 0 { open[outer][last].children = children }
    }
}
