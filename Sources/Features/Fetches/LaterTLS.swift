// Samples of TLS connections, which come with TLS itself (configuration manual: fetching samples at
// layer 5). Their names are known, so that a configuration is told why it cannot be used.

import Proxy
import Samples

extension FetchFamily {
    /// TLS, later.
    static let laterTLS = FetchFamily(
        "TLS connections",
        TLSRows.all.sorted { $0.name < $1.name })
}

private enum TLSRows {
    static let all =
        rows(truths, .boolean) + rows(numbers, .integer) + rows(texts, .string)
        + rows(blocks, .binary)

    private static func rows(_ names: String, _ type: SampleType) -> [Fetch] {
        names.split(separator: " ").map {
            Fetch(
                String($0), type, "Is a fact of a TLS connection or of its certificates.",
                .notYet("TLS listeners are not built yet"))
        }
    }

    private static let truths = """
        ssl_bc ssl_bc_is_resumed ssl_c_used ssl_fc ssl_fc_early_rcvd ssl_fc_has_crt \
        ssl_fc_has_early ssl_fc_has_sni ssl_fc_is_resumed
        """
    private static let numbers = """
        ssl_bc_alg_keysize ssl_bc_err ssl_bc_use_keysize ssl_c_ca_err ssl_c_ca_err_depth \
        ssl_c_err ssl_c_verify ssl_c_version ssl_f_version ssl_fc_alg_keysize \
        ssl_fc_cipherlist_xxh ssl_fc_err ssl_fc_protocol_hello_id ssl_fc_use_keysize \
        ssl_s_version
        """
    private static let texts = """
        ssl_bc_alpn ssl_bc_cipher ssl_bc_client_early_traffic_secret \
        ssl_bc_client_handshake_traffic_secret ssl_bc_client_traffic_secret_0 ssl_bc_curve \
        ssl_bc_early_exporter_secret ssl_bc_err_str ssl_bc_exporter_secret ssl_bc_npn \
        ssl_bc_protocol ssl_bc_server_handshake_traffic_secret ssl_bc_server_traffic_secret_0 \
        ssl_bc_sni ssl_c_i_dn ssl_c_key_alg ssl_c_notafter ssl_c_notbefore ssl_c_r_dn ssl_c_s_dn \
        ssl_c_san ssl_c_sig_alg ssl_f_i_dn ssl_f_key_alg ssl_f_notafter ssl_f_notbefore \
        ssl_f_s_dn ssl_f_sig_alg ssl_fc_alpn ssl_fc_cipher ssl_fc_cipherlist_hex \
        ssl_fc_cipherlist_str ssl_fc_client_early_traffic_secret \
        ssl_fc_client_handshake_traffic_secret ssl_fc_client_traffic_secret_0 ssl_fc_curve \
        ssl_fc_early_exporter_secret ssl_fc_err_str ssl_fc_exporter_secret ssl_fc_npn \
        ssl_fc_protocol ssl_fc_server_handshake_traffic_secret ssl_fc_server_traffic_secret_0 \
        ssl_fc_sni ssl_s_i_dn ssl_s_key_alg ssl_s_notafter ssl_s_notbefore ssl_s_s_dn \
        ssl_s_sig_alg
        """
    private static let blocks = """
        ssl_bc_client_random ssl_bc_server_random ssl_bc_session_id ssl_bc_session_key \
        ssl_bc_unique_id ssl_c_chain_der ssl_c_der ssl_c_serial ssl_c_sha1 ssl_f_der ssl_f_serial \
        ssl_f_sha1 ssl_fc_cipherlist_bin ssl_fc_client_random ssl_fc_ecformats_bin \
        ssl_fc_eclist_bin ssl_fc_extlist_bin ssl_fc_server_random ssl_fc_session_id \
        ssl_fc_session_key ssl_fc_sigalgs_bin ssl_fc_supported_versions_bin ssl_fc_unique_id \
        ssl_s_chain_der ssl_s_der ssl_s_serial ssl_s_sha1
        """
}
