// The version that all programs of the package share.

/// Which Martlet this is.
public enum ProductVersion {
    /// The number.
    public static let number = "0.1.0-dev"

    /// `martlet-vrrp 0.1.0-dev`.
    public static func line(of program: String) -> String { "\(program) \(number)" }
}
