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
    .ours(
        "str(abc),aes_gcm_enc(192,MTIz,txn.key,txn.tag)", nil, "the key of the variable is short"),
    .same("bin(C8ED7D),aes_gcm_dec(128,txn.nonce,txn.key,Vgc3X0sQBt9ILUBvApPwMg==)"),
    .same("bin(C8ED7E),aes_gcm_dec(128,txn.nonce,txn.key,Vgc3X0sQBt9ILUBvApPwMg==)"),
    .same("bin(C8ED7D),aes_gcm_dec(128,MTIzNDU2Nzg5MDEy,txn.key,txn.none)"),
    .new(
        "str(abc),aes_gcm_enc(128,txn.nonce,txn.key,txn.tag,YWFk),"
            + "aes_gcm_dec(128,txn.nonce,txn.key,sjWuDsljLR+lVw1CWF0xfA==,YWFk)", "616263",
        since: 304),
    .new(
        "bin(C8ED7D),aes_gcm_dec(128,txn.nonce,txn.key,sjWuDsljLR+lVw1CWF0xfA==)", nil, since: 304),
    .new("str(),aes_gcm_dec(128,txn.nonce,txn.key,kKkGp+nah+83dHvnZinJQg==,YWFk)", "", since: 304),
    .new("str(a),aes_gcm_dec(128,txn.nonce,txn.key,txn.key,txn.none)", nil, since: 304),
    .new(
        "str(abc),aes_cbc_enc(128,txn.iv,txn.key)", "B43254A46F0132AA067F284F1ADF9266", since: 304),
    .new("str(),aes_cbc_enc(128,txn.iv,txn.key)", "28CCBD69EDDEE023AE7D0319C7388C40", since: 304),
    .new(
        "str(0123456789abcdef),aes_cbc_enc(128,MTIzNDU2Nzg5MDEyMzQ1Ng==,txn.key)",
        "87B6950504787AB4573F85AAC3F226CE080D4F23573FFCCD56ED8B34A787A18F", since: 304),
    .new(
        "str(abc),aes_cbc_enc(192,txn.iv,a2tra2tra2tra2tra2tra2tra2tra2tr)",
        "BA4FC7F53E3816E8F0BF964DEFD91CAE", since: 304),
    .new(
        "str(abc),aes_cbc_enc(256,txn.iv,a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=)",
        "4A60659A54091A194703C87DD2215E55", since: 304),
    .new(
        "bin(B43254A46F0132AA067F284F1ADF9266),aes_cbc_dec(128,txn.iv,txn.key)", "616263",
        since: 304),
    .new("bin(B43254A46F0132AA067F284F1ADF92),aes_cbc_dec(128,txn.iv,txn.key)", nil, since: 304),
    .new("bin(B43254A46F0132AA067F284F1ADF9267),aes_cbc_dec(128,txn.iv,txn.key)", nil, since: 304),
    .new("str(),aes_cbc_dec(128,txn.iv,txn.key)", nil, since: 304),
    .ours("str(abc),aes_cbc_enc(128,txn.nonce,txn.key)", nil, "the nonce is no whole block"),
    .new("int(0),x509_v_err_str", "X509_V_OK"),
    .new("int(10),x509_v_err_str", "X509_V_ERR_CERT_HAS_EXPIRED"),
    .new("str(23),x509_v_err_str", "X509_V_ERR_CERT_REVOKED"),
    .new("int(74),x509_v_err_str", "X509_V_ERR_OCSP_VERIFY_FAILED"),
    .new("int(9999),x509_v_err_str", "9999"), .new("int(-1),x509_v_err_str", "-1"),
    .new("int(4294967296),x509_v_err_str", "4294967296"),
]
