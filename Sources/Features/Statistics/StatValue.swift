// A value with what an aggregator must know about it, and the three ways it is written.
// Source: management manual, "Typed output format".

/// Origin, nature and scope of a value, one letter each.
enum StatTags: String, Sendable {
    case keyName = "KNS"
    case keyConfig = "KGS"
    case keyProcess = "KGP"
    case gauge = "MGP"
    case maximum = "MMP"
    case counter = "MCP"
    case rate = "MRP"
    case average = "MaP"
    case age = "MAP"
    case duration = "MDP"
    case output = "MOP"
    case limit = "CLP"
    case config = "CGS"
    case configName = "CNS"
    case configOutput = "COS"
    case status = "SGP"
    case product = "POS"

    /// The letters spelled out, for JSON.
    var words: (origin: String, nature: String, scope: String) {
        let letters = Array(rawValue)
        let origins: [Character: String] = [
            "M": "Metric", "S": "Status", "K": "Key", "C": "Config", "P": "Product",
        ]
        let natures: [Character: String] = [
            "A": "Age", "a": "Avg", "C": "Counter", "D": "Duration", "G": "Gauge", "L": "Limit",
            "M": "Max", "N": "Name", "O": "Output", "R": "Rate",
        ]
        let scopes: [Character: String] = ["P": "Process", "S": "Service"]
        return (
            origins[letters[0]] ?? "", natures[letters[1]] ?? "", scopes[letters[2]] ?? ""
        )
    }
}

/// A value of one field.
struct StatValue: Sendable {
    enum Content: Sendable {
        case u32(UInt32)
        case s32(Int32)
        case u64(UInt64)
        case text(String)
    }
    /// What kind of figure it is.
    let tags: StatTags
    /// The figure itself.
    let content: Content

    static func u32(_ tags: StatTags, _ value: some BinaryInteger) -> StatValue {
        StatValue(tags: tags, content: .u32(UInt32(clamping: value)))
    }

    static func s32(_ tags: StatTags, _ value: some BinaryInteger) -> StatValue {
        StatValue(tags: tags, content: .s32(Int32(clamping: value)))
    }

    static func u64(_ tags: StatTags, _ value: some BinaryInteger) -> StatValue {
        StatValue(tags: tags, content: .u64(UInt64(clamping: value)))
    }

    static func text(_ tags: StatTags, _ value: String) -> StatValue {
        StatValue(tags: tags, content: .text(value))
    }

    /// The value alone.
    var plain: String {
        switch content {
        case .u32(let value): "\(value)"
        case .s32(let value): "\(value)"
        case .u64(let value): "\(value)"
        case .text(let value): value
        }
    }

    /// The value as a CSV field: in quotes only where it would be ambiguous.
    var csv: String {
        guard case .text(let value) = content, value.contains(where: { ",\"\n\r".contains($0) })
        else { return plain }
        return "\""
            + value.split(separator: "\"", omittingEmptySubsequences: false)
            .joined(separator: "\"\"") + "\""
    }

    /// `tags:type:value`
    var typed: String { "\(tags.rawValue):\(typeName):\(plain)" }

    /// The members `tags` and `value` of a JSON object.
    var json: String {
        let words = tags.words
        let value: String
        if case .text(let text) = content { value = jsonString(text) } else { value = plain }
        return """
            "tags":{"origin":"\(words.origin)","nature":"\(words.nature)",\
            "scope":"\(words.scope)"},"value":{"type":"\(typeName)","value":\(value)}
            """
    }

    private var typeName: String {
        switch content {
        case .u32: "u32"
        case .s32: "s32"
        case .u64: "u64"
        case .text: "str"
        }
    }
}

/// A string in quotes with what JSON cannot hold escaped.
func jsonString(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": result += "\\\""
        case "\\": result += "\\\\"
        case "\n": result += "\\n"
        case "\t": result += "\\t"
        case _ where scalar.value < 0x20:
            let digits = String(scalar.value, radix: 16)
            result += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result + "\""
}
