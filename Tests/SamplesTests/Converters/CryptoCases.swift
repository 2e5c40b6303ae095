// Cases of digests, message codes and ciphers.

let cryptoCases: [Case] = [
    .same("str(abc),sha1"), .same("str(),sha1"), .same("bin(0001ff),sha1"),
    .same("str(abc),sha2"), .same("str(abc),sha2(224)"), .same("str(abc),sha2(384)"),
    .same("str(abc),sha2(512)"), .same("str(),sha2(256)"),
    .same("str(abc),digest(sha256)"), .same("str(abc),digest(md5)"), .same("str(),digest(SHA512)"),
    .same("str(abc),hmac(sha256,a2V5)"), .same("str(abc),hmac(sha256,txn.key)"),
    .same("str(abc),hmac(sha1,txn.none)"), .same("str(),hmac(md5,a2V5)"),
    .new("str(abc),aes_gcm_enc(128,MTIzNDU2Nzg5MDEy,Zm9vb2Zvb29mb29wZm9vbw==,txn.tag)", "C8ED7D"),
    .new("str(abc),aes_gcm_enc(128,txn.nonce,txn.key,txn.tag)", "C8ED7D"),
    .new("str(),aes_gcm_enc(128,txn.nonce,txn.key,txn.tag)", ""),
    .new(
        "str(abc),aes_gcm_enc(128,txn.nonce,txn.key,txn.tag),aes_gcm_dec(128,txn.nonce,txn.key,txn.tag)",
        "616263"),
    .new("str(abc),aes_gcm_dec(128,txn.nonce,txn.key,AAAAAAAAAAAAAAAAAAAAAA==)", nil),
    .new("str(abc),aes_gcm_dec(128,txn.none,txn.key,AAAAAAAAAAAAAAAAAAAAAA==)", nil),
    .ours("str(abc),aes_gcm_enc(192,MTIz,Zm9v,txn.tag)", nil, "the key is too short"),
    .new("int(0),x509_v_err_str", "X509_V_OK"),
    .new("int(10),x509_v_err_str", "X509_V_ERR_CERT_HAS_EXPIRED"),
    .new("str(23),x509_v_err_str", "X509_V_ERR_CERT_REVOKED"),
    .new("int(74),x509_v_err_str", "X509_V_ERR_OCSP_VERIFY_FAILED"),
    .new("int(9999),x509_v_err_str", "9999"), .new("int(-1),x509_v_err_str", "-1"),
    .new("int(4294967296),x509_v_err_str", "4294967296"),
]
