// Converters of MQTT's first packets.

import ConfigLanguage

extension ConverterFamily {
    static let mqtt = ConverterFamily(
        "MQTT",
        [
            Converter(
                "mqtt_is_valid", .binary, to: .boolean,
                "Tells whether the bytes begin with a whole and right CONNECT or CONNACK packet.",
                MQTT.isValid),
            Converter(
                "mqtt_field_value", .binary, to: .binary,
                takes: [.text("packettype"), .text("fieldname_or_property_ID")],
                "Gives a field or a property of a CONNECT or CONNACK packet.",
                prepare: MQTT.prepareField, MQTT.field),
        ])
}

private enum MQTT {
    static let prepareField: Converter.Preparation = {
        (arguments, _) throws(ArgumentMistake) -> SampleType? in
        guard case .bytes(let typeText)? = arguments[0], case .bytes(let text)? = arguments[1]
        else { return nil }
        // Differs: HAProxy takes the other types too, of which it can read nothing.
        guard let type = type(shown(typeText).lowercased()) else {
            throw ArgumentMistake(expected: "'connect', 'connack', 1 or 2", at: 0)
        }
        let name = shown(text).lowercased()
        arguments[0] = .integer(type.rawValue)
        if let field = type.fields.first(where: { $0.name == name }) {
            arguments[1] = .integer(field.rawValue)
            return nil
        }
        guard let number = wholeInteger(text), type.hasProperty(number) else {
            let names = type.fields.map(\.name)
            throw ArgumentMistake(
                expected: "a property's number or one of the fields "
                    + names.joined(separator: ", "), at: 1,
                suggestion: Spelling.nearest(to: name, among: names))
        }
        arguments[1] = .integer(number)
        return nil
    }

    private static func type(_ text: String) -> MQTTPacketType? {
        switch text {
        case "connect": .connect
        case "connack": .acknowledgement
        default: wholeInteger(Array(text.utf8)).flatMap(MQTTPacketType.init)
        }
    }

    static let isValid: Converter.Function = { sample, _, scratch, _ in
        var packet = MQTTPacket()
        switch packet.read(scratch.bytes(of: sample)) {
        case .right: sample.become(.boolean(true))
        case .wrong: sample.become(.boolean(false))
        case .incomplete:
            sample.flags.insert(.mayChange)
            return false
        }
        return true
    }

    static let field: Converter.Function = { sample, arguments, scratch, _ in
        var packet = MQTTPacket(wanted: arguments.integer(1))
        let result = packet.read(scratch.bytes(of: sample))
        if result == .incomplete { sample.flags.insert(.mayChange) }
        guard result == .right, packet.type?.rawValue == arguments.integer(0),
            let value = packet.value
        else { return false }
        switch value {
        case .bytes(let range):
            sample = sample.part(range.lowerBound, range.count)
            return !range.isEmpty
        case .number(let number):
            guard let made = scratch.make(as: .binary, { $0.append(decimal: number) }) else {
                return false
            }
            sample.become(made)
            return true
        }
    }
}

extension MQTTPacketType {
    /// Whether the packet can have the property, leaving out those of users.
    fileprivate func hasProperty(_ number: Int64) -> Bool {
        // Differs: HAProxy takes the number of users' properties and gives nothing for it.
        if number == 38 { return false }
        switch self {
        case .connect:
            return MQTTProperty(number, in: .connect) != nil
                || MQTTProperty(number, in: .will) != nil
        case .acknowledgement: return MQTTProperty(number, in: .acknowledgement) != nil
        }
    }
}
