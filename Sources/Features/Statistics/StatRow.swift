// One object of `show stat`: a frontend, a listener, a server or a backend with its fields.

/// What a row describes.
enum StatObject: Sendable {
    case frontend, backend, server, listener

    /// The value of the column `type`.
    var number: Int {
        switch self {
        case .frontend: 0
        case .backend: 1
        case .server: 2
        case .listener: 3
        }
    }

    /// The letter of the typed output.
    var letter: String {
        switch self {
        case .frontend: "F"
        case .backend: "B"
        case .server: "S"
        case .listener: "L"
        }
    }

    /// The name in the JSON output.
    var name: String {
        switch self {
        case .frontend: "Frontend"
        case .backend: "Backend"
        case .server: "Server"
        case .listener: "Listener"
        }
    }
}

/// A row with those fields that have a value.
struct StatRow: Sendable {
    let object: StatObject
    /// Number of the proxy.
    let proxyID: Int
    /// Number inside the proxy; 0 for frontends and backends.
    let objectID: Int
    private var values: [StatValue?]

    init(_ object: StatObject, proxy: String, service: String, proxyID: Int, objectID: Int = 0) {
        self.object = object
        self.proxyID = proxyID
        self.objectID = objectID
        values = [StatValue?](repeating: nil, count: StatField.allCases.count)
        self[.pxname] = .text(.keyName, proxy)
        self[.svname] = .text(.keyName, service)
        self[.pid] = .u32(.keyProcess, 1)
        self[.iid] = .u32(.keyConfig, proxyID)
        self[.sid] = .u32(.keyConfig, objectID)
        self[.type] = .u32(.config, object.number)
    }

    /// The value of a field, or nil where the field does not apply.
    subscript(field: StatField) -> StatValue? {
        get { values[field.rawValue] }
        set { values[field.rawValue] = newValue }
    }

    /// A line of CSV.
    var csv: String {
        values.map { ($0?.csv ?? "") + "," }.joined() + "-,\n"
    }

    /// A line for each value: `S.4.2.17.status.1:SGP:str:UP`.
    func typed(described: Bool) -> String {
        var text = ""
        for field in StatField.allCases {
            guard let value = self[field] else { continue }
            text += "\(object.letter).\(proxyID).\(objectID).\(field.rawValue).\(field).1:"
            text += value.typed
            if described { text += ":\"\(field.sentence)\"" }
            text += "\n"
        }
        return text
    }

    /// An array of objects, one for each value.
    var json: String {
        let fields = StatField.allCases.compactMap { field in
            self[field].map { value in
                """
                {"objType":"\(object.name)","proxyId":\(proxyID),"id":\(objectID),\
                "field":{"pos":\(field.rawValue),"name":"\(field)"},"processNum":1,\(value.json)}
                """
            }
        }
        return "[" + fields.joined(separator: ",") + "]"
    }
}
