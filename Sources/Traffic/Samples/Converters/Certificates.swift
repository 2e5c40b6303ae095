// Converters of what is known of certificates.

import COpenSSL

extension ConverterFamily {
    static let certificates = ConverterFamily(
        "certificates",
        [
            Converter(
                "x509_v_err_str", .integer, to: .string,
                "Names the constant of OpenSSL for a result of verifying a certificate.",
                Certificates.nameResult)
        ])
}

private enum Certificates {
    /// A number without a name is written as it is.
    static let nameResult: Converter.Function = { sample, _, scratch, _ in
        let code = sample.integer
        let made = scratch.make(as: .string) { output in
            // Safety: the names are literals of the library's header, which end with a zero byte.
            guard let name = unsafe martlet_verification_name(code) else {
                output.append(decimal: code)
                return
            }
            var index = 0
            while unsafe name[index] != 0 {
                output.append(unsafe UInt8(bitPattern: name[index]))
                index += 1
            }
        }
        guard let made else { return false }
        sample.become(made)
        return true
    }
}
