// The list of converter families: what every expression can use, one line each.

extension ConverterCatalog {
    /// All converters of the product.
    public static let standard = ConverterCatalog([
        .letters,
        .parts,
        .escapes,
        .numbers,
        .encodings,
        .network,
        .hashes,
        .json,
        .times,
        .crypto,
        .ciphers,
        .tokens,
        .certificates,
        .substitution,
        .forwarded,
        .protocolBuffers,
        .fix,
        .mqtt,
        .stream,
        .maps,
    ])
}
