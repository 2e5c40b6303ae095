// Samples of credentials in requests (configuration manual: http_auth and its kin). Only fields are
// read: what a request may do is for rules to say.

import HTTP
import Proxy
import Samples

extension FetchFamily {
    /// Users, passwords and tokens.
    static let authentication = FetchFamily(
        "credentials",
        [
            Fetch(
                "http_auth", .boolean, takes: [.text("userlist")], needs: .requestHead,
                "Is whether a user of a list has sent the right password.",
                prepare: Authentication.prepareList
            ) { subject, arguments, state, scratch in
                guard let basic = Authentication.basic(subject, &state, &scratch) else {
                    return nil
                }
                return .boolean(basic.user(in: arguments, subject, &scratch) != nil)
            },
            Fetch(
                "http_auth_bearer", .string, takes: [.text("header").optional],
                needs: .requestHead,
                "Is the token of the Bearer scheme in Authorization or a field.",
                prepare: FieldArguments.counted, Authentication.bearer),
            Fetch(
                "http_auth_group", .string, takes: [.text("userlist")], needs: .requestHead,
                comparedBy: .group,
                "Is the user's name where the password is right; access lists compare the groups.",
                prepare: Authentication.prepareList, Authentication.group),
            Fetch(
                "http_auth_pass", .string, needs: .requestHead,
                "Is the password of the Basic scheme, unchecked."
            ) { subject, _, state, scratch in
                Authentication.basic(subject, &state, &scratch)?.password
            },
            Fetch(
                "http_auth_type", .string, needs: .requestHead,
                "Is the scheme of the credentials, Basic or Bearer.", Authentication.scheme),
            Fetch(
                "http_auth_user", .string, needs: .requestHead,
                "Is the user's name of the Basic scheme, unchecked."
            ) { subject, _, state, scratch in
                Authentication.basic(subject, &state, &scratch)?.user
            },
        ])
}

/// What the Basic scheme says, as texts of a scratch.
private struct BasicCredentials {
    let user: Sample
    let password: Sample

    /// The position of the user in the list that the first argument refers to.
    func user(
        in arguments: ConverterArguments, _ subject: Subject, _ scratch: inout SampleScratch
    ) -> Int? {
        arguments.withObject(0, as: UserListReference.self) { reference in
            reference.withList { list in
                subject.user(
                    scratch.bytes(of: user), password: scratch.bytes(of: password), in: list)
            }
        }
    }
}

/// Functions of the rows above.
private enum Authentication {
    static let prepareList: Converter.Preparation = {
        (arguments, loading) throws(ArgumentMistake) -> SampleType? in
        guard case .bytes(let name)? = arguments[0], !name.isEmpty else {
            throw ArgumentMistake(expected: "the name of a userlist", at: 0)
        }
        guard let references = loading.references as? References else {
            throw ArgumentMistake("user lists cannot be used here")
        }
        arguments[0] = .object(
            references.makeUserList(String(decoding: name, as: UTF8.self)))
        return nil
    }

    /// The value of the Authorization field; nil where there is none.
    @_lifetime(borrow subject)
    private static func field(
        _ subject: borrowing Subject, _ state: inout FetchState
    ) -> Span<UInt8>? {
        guard subject.hasRequestHead(&state), let index = subject.nextField(.authorization) else {
            return nil
        }
        return subject.value(of: subject.field(index))
    }

    /// User and password, decoded.
    static func basic(
        _ subject: Subject, _ state: inout FetchState, _ scratch: inout SampleScratch
    ) -> BasicCredentials? {
        guard let value = field(subject, &state), let credentials = Credentials(in: value),
            credentials.scheme == .basic
        else { return nil }
        var isValid = false
        let text = scratch.make(as: .string) { output in
            isValid = Base64.decode(value.extracting(credentials.token), into: &output, .standard)
        }
        guard isValid, let text, let parts = Credentials.split(scratch.bytes(of: text)) else {
            return nil
        }
        return BasicCredentials(
            user: text.part(parts.user.lowerBound, parts.user.count),
            password: text.part(parts.password.lowerBound, parts.password.count))
    }

    static let scheme: Fetch.Function = { subject, _, state, scratch in
        guard let value = field(subject, &state), let credentials = Credentials(in: value) else {
            return nil
        }
        switch credentials.scheme {
        case .basic:
            guard basic(subject, &state, &scratch) != nil else { return nil }
            return scratch.make(as: .string) { $0.append("Basic") }
        case .bearer: return scratch.make(as: .string) { $0.append("Bearer") }
        }
    }

    /// Differs: for a field that is named and has no token, HAProxy gives an empty one.
    static let bearer: Fetch.Function = { subject, arguments, state, scratch in
        guard subject.hasRequestHead(&state) else { return nil }
        let index =
            arguments.has(0)
            ? subject.nextField(arguments.bytes(0), FieldArguments.known(arguments), from: 0)
            : subject.nextField(.authorization)
        guard let index else { return nil }
        let value = subject.value(of: subject.field(index))
        guard let credentials = Credentials(in: value), credentials.scheme == .bearer else {
            return nil
        }
        return scratch.copy(value.extracting(credentials.token))
    }

    /// The user's name or, for an access list, one group after the other.
    ///
    /// `position` is one more than the user's, so that a password is checked once.
    static let group: Fetch.Function = { subject, arguments, state, scratch in
        guard state.comparison == .group else {
            guard let basic = basic(subject, &state, &scratch),
                basic.user(in: arguments, subject, &scratch) != nil
            else { return nil }
            return basic.user
        }
        if state.position == 0 {
            guard let basic = basic(subject, &state, &scratch),
                let user = basic.user(in: arguments, subject, &scratch)
            else { return nil }
            state.position = user &+ 1
        }
        let user = state.position &- 1
        let place = state.count
        state.count &+= 1
        return arguments.withObject(0, as: UserListReference.self) { reference in
            reference.withList { list in
                guard place < list.groupCount(of: user) else { return nil }
                var group = list.group(place, of: user, &scratch)
                group?.flags.insert(.hasMore)
                return group
            }
        }
    }
}
