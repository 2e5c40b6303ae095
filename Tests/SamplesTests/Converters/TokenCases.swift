// Keys and tokens made for these tests, and cases of verification.

import Foundation

/// Files with keys, by their names. The private halves are not kept.
let testFiles: [String: String] = [
    "rsa.pem": """
    -----BEGIN PUBLIC KEY-----
    MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAy4U5jmgNAIgTj0ZLkkjK
    KS+WFs/Z3ZJixL7A6O7J/N/H9u7DKwgNXpuYzDyrnfBKJMfaP5IkAF/zIqGe27yQ
    900KhQXyVOikWhHpZEU8XMqMvqulzoZ6jJKpCb2Y7fSLcuTFbAnpGS6q4DZtwV+1
    68t+54E+lNwvop+QBJSplJGqvb7geFRmfiyPLos2QpLbKhyo6Sm1jB/KxsCcr8zC
    8toVX35qtpn1Dl+gKfMRV5kiYVOeGUEf3lPeDICC3KforSaz/RVZQ+kOFobIhsmr
    RNyFwca5SBWHE4haww11YMzGT+Ityzz8fjvjjHpzAP2fbpPXcGqRgch9hUS8U35p
    OwIDAQAB
    -----END PUBLIC KEY-----

    """,
    "rsa1.pem": """
    -----BEGIN RSA PUBLIC KEY-----
    MIIBCgKCAQEAy4U5jmgNAIgTj0ZLkkjKKS+WFs/Z3ZJixL7A6O7J/N/H9u7DKwgN
    XpuYzDyrnfBKJMfaP5IkAF/zIqGe27yQ900KhQXyVOikWhHpZEU8XMqMvqulzoZ6
    jJKpCb2Y7fSLcuTFbAnpGS6q4DZtwV+168t+54E+lNwvop+QBJSplJGqvb7geFRm
    fiyPLos2QpLbKhyo6Sm1jB/KxsCcr8zC8toVX35qtpn1Dl+gKfMRV5kiYVOeGUEf
    3lPeDICC3KforSaz/RVZQ+kOFobIhsmrRNyFwca5SBWHE4haww11YMzGT+Ityzz8
    fjvjjHpzAP2fbpPXcGqRgch9hUS8U35pOwIDAQAB
    -----END RSA PUBLIC KEY-----

    """,
    "es256.pem": """
    -----BEGIN PUBLIC KEY-----
    MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEMhyZEk5eX0Xq0z4BlILp+xCB5qv2
    3N6BwbGLPnwUCf3CL9xIN11x/t9gj9Kkdz4O53vCiqJNe0i57M9B/RMoNw==
    -----END PUBLIC KEY-----

    """,
    "es384.pem": """
    -----BEGIN PUBLIC KEY-----
    MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEBZ1D7DtjfQ5cxjWhfcuWPgJYbiGMsiul
    Axxxv83LEIPuflZ5BIPY9OPE3E1+GDUb8n1/XpKxiQxspL0Q/FFO/9erMpEahOTz
    YY/asIrkdX8e4KUOi2DGRPcMEFYPQe9w
    -----END PUBLIC KEY-----

    """,
    "es512.pem": """
    -----BEGIN PUBLIC KEY-----
    MIGbMBAGByqGSM49AgEGBSuBBAAjA4GGAAQBkU4oEv4/v8SvMJ7Gh/OC+oajOQeS
    yphi+KM0qQ9o2EBKV/Eg9AEmzvzhytX1fCtcd0dYZGvD7oNxJkyF85rqgtgAGaNl
    KWXpphrXfUMceJv9EA6edeYUoparTiXguNQi8uM+p/U5CLqg3U3k5fKTkBSMFw/a
    gtdPXgTUOyYuYFWdM6I=
    -----END PUBLIC KEY-----

    """,
    "ed.pem": """
    -----BEGIN PUBLIC KEY-----
    MCowBQYDK2VwAyEAxWW+WWZwSPuY4J9uBH68iq3zHWteQ8fzAVqvX4h+gyE=
    -----END PUBLIC KEY-----

    """,
    "rsacert.pem": """
    -----BEGIN CERTIFICATE-----
    MIIDFzCCAf+gAwIBAgIUDD5Xzv1v8Re670x3I3RRoCmcKJ4wDQYJKoZIhvcNAQEL
    BQAwGjEYMBYGA1UEAwwPbWFydGxldC5leGFtcGxlMCAXDTI2MTEyNzA0NDExNFoY
    DzIxMjYxMTAzMDQ0MTE0WjAaMRgwFgYDVQQDDA9tYXJ0bGV0LmV4YW1wbGUwggEi
    MA0GCSqGSIb3DQEBAQUAA4IBDwAwggEKAoIBAQDLhTmOaA0AiBOPRkuSSMopL5YW
    z9ndkmLEvsDo7sn838f27sMrCA1em5jMPKud8Eokx9o/kiQAX/MioZ7bvJD3TQqF
    BfJU6KRaEelkRTxcyoy+q6XOhnqMkqkJvZjt9Ity5MVsCekZLqrgNm3BX7Xry37n
    gT6U3C+in5AElKmUkaq9vuB4VGZ+LI8uizZCktsqHKjpKbWMH8rGwJyvzMLy2hVf
    fmq2mfUOX6Ap8xFXmSJhU54ZQR/eU94MgILcp+itJrP9FVlD6Q4WhsiGyatE3IXB
    xrlIFYcTiFrDDXVgzMZP4i3LPPx+O+OMenMA/Z9uk9dwapGByH2FRLxTfmk7AgMB
    AAGjUzBRMB0GA1UdDgQWBBSozEHiftRKH4t9o5ezt+X51xbsijAfBgNVHSMEGDAW
    gBSozEHiftRKH4t9o5ezt+X51xbsijAPBgNVHRMBAf8EBTADAQH/MA0GCSqGSIb3
    DQEBCwUAA4IBAQBFPWw5/vFjA1kfuEEWU6jCVQLLr0OEWmtyjN12GaYNH1FTZfwC
    q6B+LlUhqFOPe357eJ5qZcQdgeGNUC4Hwcq6Cb4Axrz4cNfucBIjKoPS63ydkg7h
    j3qKgmxjk5LaLHKCE//LW/6TMJXdDle7hyrar3+2FU4+F4Nn9TOmu/7kXS22OxU+
    8ig/48xueLqcVeEat4EX+jDdleT9DuybsIp8wcLrjXm75YlP4MI4UxagfUseOzgW
    g4docY9SFYL8a3W9vU9UvNzBxl8Nq0mJYzSjbJNXzyN56hPRUfhSFLs6vsdUa0wU
    WMf7OS0bIOTmLQezMIY6tglCqKwnW7ShXlm4
    -----END CERTIFICATE-----

    """,
    "eccert.pem": """
    -----BEGIN CERTIFICATE-----
    MIIBjDCCATGgAwIBAgIUWO4OOuS3/IbwGClUtwrnKYX9lmUwCgYIKoZIzj0EAwIw
    GjEYMBYGA1UEAwwPbWFydGxldC5leGFtcGxlMCAXDTI2MTEyNzA0NDExNFoYDzIx
    MjYxMTAzMDQ0MTE0WjAaMRgwFgYDVQQDDA9tYXJ0bGV0LmV4YW1wbGUwWTATBgcq
    hkjOPQIBBggqhkjOPQMBBwNCAAQyHJkSTl5fRerTPgGUgun7EIHmq/bc3oHBsYs+
    fBQJ/cIv3Eg3XXH+32CP0qR3Pg7ne8KKok17SLnsz0H9Eyg3o1MwUTAdBgNVHQ4E
    FgQUyhi2vYiuU/+L+FC8RtUVlHiT3kkwHwYDVR0jBBgwFoAUyhi2vYiuU/+L+FC8
    RtUVlHiT3kkwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNJADBGAiEA3MR5
    icG0VlENnN/D0JLgoX9whU51kQPzVh/UMlvTck0CIQD73PtFaxxkGZ2+nr+REzqH
    J+THDq34ysKn3tlSf1JwDw==
    -----END CERTIFICATE-----

    """,
    "text.pem": "no key",
]

/// Tokens of `{"sub":"martlet"}` by their algorithms.
private let tokens = [
    "HS256": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJtYXJ0bGV0In0.HDmcFG0V53duWOc1pzF8pSkpv2w"
        + "CrSiZRS2OnvHCP1I",
    "HS384": "eyJhbGciOiJIUzM4NCJ9.eyJzdWIiOiJtYXJ0bGV0In0.67r6Jeyoh7AHjCkPYh6sEE-hsQW"
        + "L2hRCc-mev68OW-O4K8VzeW5SL2lm8jSOD3rt",
    "HS512": "eyJhbGciOiJIUzUxMiJ9.eyJzdWIiOiJtYXJ0bGV0In0.bwoZ75O4znj_3_gGR8qheX5ZXMC"
        + "FWF_bSU_A4BBypBlW_IghFO8Z3Yldzv6cArNshryYcYOKHOtnSocLdMa_kA",
    "RS256": "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJtYXJ0bGV0In0.u_MU2k_Wqbqgz_4W43NANVDdMhA"
        + "TwEVGh9Us58Y_Kf-KsX3CIEWaSnjLO8AvUyajASO4QZbLLAql-OQHLGtPY6B5S-0D4lvKy1y"
        + "eYM1v3H0yuXUZm-T6wPDFsWPCd7SR5G7oGsZfb7M3MoCziTVNh3xp_I8EymWjmKdbaXudikW"
        + "j8Bb6AYWJ-orEb9BVj5EHrWrnB4p5abr_I9yZClKy_4MBktl9ULzon3a280_B-tS_DH9yU49"
        + "2jMgvsV4MiJQ4ct6qRwbJove9ofxXH-O_4F988cC_aXicEJxvZF_rHKtKyNzdnSsUgkyffZy"
        + "eK3UVrW5Hjf7-9l-Oxp3miYP6PQ",
    "RS384": "eyJhbGciOiJSUzM4NCJ9.eyJzdWIiOiJtYXJ0bGV0In0.CQeuDpFPoFLaHPnglZ5IsxZWdsH"
        + "xwlG0ZV1l4wajg4t1S28p5PIxLSx_MPmMzfEF5yFj0SEG7SuzPd1mynvUaqKpod7nXfzIEgv"
        + "pWGYt1Qw2_FwSEOD3Y_b99zFCxOXjv0qGKv79XaaiN2uEGowyP3RENu_L4xWdMACK2OrTHOq"
        + "iKRsWDPzUoccjsSMN_Qd2BrIZZdq1eOgH2RfDi1Zor2809N7lr2_MSawBr_oXlTPcoTWOHwV"
        + "QGFskJaoT08jNH-sHsNBtsa3QPDb15rmU_nmM6qRxt-1jLousyY6TEZoaqvrlSvhml4A1IIe"
        + "9B18TOidx92IfwNEWmTDzhM5QmQ",
    "RS512": "eyJhbGciOiJSUzUxMiJ9.eyJzdWIiOiJtYXJ0bGV0In0.hWPz0koIqSIs7p0k8Pvys45qNJM"
        + "6s9jnUQjzlb-AGN3Xpzj_zMVoaDkFZb0oymB9i0p6nrYRNMDGkT0m2rrx7h1F-9TH_mTVszd"
        + "0ph3d5MOeApFCrnInDvfF5MfX4t6JY_GApC7eyL6UmAlrwhpnGQ9akUXyrLfIVGlsaAy6aIM"
        + "czL9gHb-_K36Ju4DDjUDEQeLSfqnseAO3LuBGAtwhREgWs9WBIs0TTXK4wmj4GRqeBOWEeyk"
        + "Z0GUg-XJOqbRnFb-RvQU0uarHStfUCbrb7-8h55ESsYKQafmfxC8DjxVtBKhivHNv0sLoOua"
        + "uoL0nBRAhvky_d9OdP4piRp1Klg",
    "PS256": "eyJhbGciOiJQUzI1NiJ9.eyJzdWIiOiJtYXJ0bGV0In0.EnnsHyHrtRF6T8c76Jv04MfDPH_"
        + "2VmncMDlnDi7CjVvtGFaGbUY30hXcWC_NgrK0TGn4IQvSnNdI84raqqU8nXQBWBUUrgeb3-o"
        + "dMvPzlVumhCByWMoc0hBua8f8Ml71aJhQbxJYjZ2X6GgpEvCaG32AbIQikia4I0naBRjgn3Q"
        + "hJr4_LOqpjXGta59cxOO4i2G0JjDu_cik4TWzf5_C5RUcOrBNQDAtGM5UiSbRWYQp_-519z4"
        + "W2Jb0rAm62ikmThVJZgy2NsuPYweMDgHrAR6oM0a9wS0ElRgF3NcBm3nXMBUxQJD_aiPsPox"
        + "wXDyV18T39i9fK-6NnhMz1ydSBw",
    "PS384": "eyJhbGciOiJQUzM4NCJ9.eyJzdWIiOiJtYXJ0bGV0In0.pNeZz4I_b-5nhaxtsowBf0aXz14"
        + "uMCqTvpyHHHvZHPK2eeQEUNjdo0w_d9xHv08NXpku6twN858g2sQgiA6rAe-ElQsJDoAhNfX"
        + "jYLVAFMG_PoV1LXOIu1AMpw9i13q1Scdn2IA864Cm-r5HJ8Nuo-jIJNKMSlYnnpzj0Ai041S"
        + "Gb3C-_y1g3NoCQFePTckJ0NL3BzkQ8DbDbfghZgAqRG7LaBM6uWUc6L5yx3kOFdCKKcXzSL5"
        + "S8xKJlWhZFoWuCrKjzWzBF4lXbE4nJ-uKET7f_ESRK4waFefgvspfWQ7VfVgzPlAOu5uWC7H"
        + "4RCM67ZS0gM9ZLhGgriTj7RZhHQ",
    "PS512": "eyJhbGciOiJQUzUxMiJ9.eyJzdWIiOiJtYXJ0bGV0In0.eDleZWjS32UwlQdUpB4wUOl68q0"
        + "QrLS4wVgkZgAI4ZMc-RRQkAk5GKO6pt_ecU12_n7EFugHFMjXbCfT2Z9FGqwcXGrV9wH1F2c"
        + "2b-NCxbNI2874XxbTWN8FFml8gD9Z8BPwJ2tzi0SRe76h3LXw2RJbRYBRIv4gcENiqmgMgHE"
        + "E7xW8jLeXBGCn6erCM2wse5XullCUPQMDJQVeDHrKawXfHQMLXI7dTvh0Fa6Mlm4ELCcOYnz"
        + "aVUQnUmIvKDMM8TM_SoM9hPGTOFi9D_TO0WxPrtFKm_XExz9LFXi_qUQ_V4i4QM09i0Hmkhh"
        + "PUOe9uDF1_79FFGdBrIapDgIDhg",
    "ES256": "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJtYXJ0bGV0In0.59bid3Gx3X1MhPPE39iruMP3gAA"
        + "-_dMH_TEcF16SFRdS3Z5TD6gpqCmrOQKzdiS95LhY8GSv43mFBN5YtvPPWg",
    "ES384": "eyJhbGciOiJFUzM4NCJ9.eyJzdWIiOiJtYXJ0bGV0In0.879Xk43hO7A6quZ0TK6XiNFFcxT"
        + "M2epHcIqmn3W4dw7UBOcTAlXDUQGc9NW0-6LxY2EwAKfgFKULRprQdaS39tEGGqgBuw-rUUp"
        + "iRb8zLfDXQe-jy4orz1NbimAOHHVJ",
    "ES512": "eyJhbGciOiJFUzUxMiJ9.eyJzdWIiOiJtYXJ0bGV0In0.AOHGGrEDFVHYyK6vxP85NEZOnL2"
        + "UgANYrTZAW_L5mWNWzNPMlkEQ3D20EZ_e2-1TwZUWOMVMJ0zn-vF8L8Nd85w0AZiLxKd4fHK"
        + "W-zfR6_9zOEKinIu4tJWHeS8fOBoknDnef0LpSQ3XCSitJibfbqAzIuFTqK2dzvlc-SXrFUI"
        + "LpcTz",
]

private func verify(_ algorithm: String, _ arguments: String, cut: Int = 0) -> String {
    "str(\(tokens[algorithm]!.dropLast(cut))),jwt_verify(\(arguments))"
}

private let byHaproxy: [Case] =
    [
        verify("HS256", "HS256,secret"), verify("HS256", "HS256,secretx"),
        verify("HS256", "HS384,secret"), verify("HS384", "HS384,secret"),
        verify("HS512", "HS512,a longer secret"), verify("HS256", "txn.alg,secret"),
        verify("HS256", "txn.none,secret"), verify("HS256", "txn.v,secret"),
        verify("HS256", "HS256,secret", cut: 1), verify("HS256", "HS256,secret", cut: 2),
        verify("HS256", "HS256,secret", cut: 3), verify("HS256", "HS256,txn.v"),
        verify("HS256", "HS256,txn.none"), verify("HS256", "HS256,\"\""),
        verify("HS256", "HS256,foo.bar"), verify("ES256", "HS256,secret"),
        verify("RS256", "RS256,rsa.pem"), verify("RS256", "RS256,rsa1.pem"),
        verify("RS384", "RS384,rsa.pem"), verify("RS512", "RS512,rsa.pem"),
        verify("RS256", "RS512,rsa.pem"), verify("RS256", "RS256,rsa.pem", cut: 4),
        verify("PS384", "RS384,rsa.pem"), verify("HS256", "RS256,rsa.pem"),
        verify("ES256", "ES256,es256.pem"), verify("ES384", "ES384,es384.pem"),
        verify("ES512", "ES512,es512.pem"), verify("ES256", "ES384,es256.pem"),
        verify("ES256", "ES256,es384.pem"), verify("ES256", "ES512,es256.pem"),
        verify("ES256", "ES256,es256.pem", cut: 4), verify("ES256", "ES256,es256.pem", cut: 8),
        verify("ES256", "ES256,txn.path"), verify("ES384", "ES384,txn.path"),
        verify("ES256", "ES256,txn.v"), verify("ES256", "txn.alg,es256.pem"),
        "str(a.b.),jwt_verify(none,x)", "str(..),jwt_verify(none,x)",
        "str(a.b.c),jwt_verify(none,x)", "str(),jwt_verify(none,x)", "str(a),jwt_verify(none,x)",
        "str(a.b),jwt_verify(none,x)", "str(a.b),jwt_verify(HS256,x)",
        "str(a.b.),jwt_verify(HS256,x)", "str(..aaaa),jwt_verify(HS256,x)",
        "str(a.b.c.d),jwt_verify(HS256,x)", "str(a.b.!!),jwt_verify(HS256,x)",
        "str(a.b.c),jwt_verify(RS256,rsa.pem)", "str(a.b.cc),jwt_verify(RS256,rsa.pem)",
        "str(a.b.QQ),jwt_verify(ES256,es256.pem)", "str(a.b.AAA),jwt_verify(ES256,es256.pem)",
        "str(a.b.AAAA),jwt_verify(ES256,es256.pem)", "str(x),jwt_verify(txn.v,x)",
        "str(a.b.AAAA),jwt_verify(ES256,es256.pem),add(1)", "str(a.b),jwt_verify(txn.alg,x)",
        "str(a.b.\(String(repeating: "_", count: 86))),jwt_verify(ES256,es256.pem)",
        "str(a.b.\(String(repeating: "A", count: 86))),jwt_verify(ES256,es256.pem)",
        "str(a.b.\(String(repeating: "_", count: 800))),jwt_verify(ES512,es512.pem)",
        "str(a.b.\(String(repeating: "A", count: 799))B),jwt_verify(ES512,es512.pem)",
    ].map { .same($0) }

let tokenCases: [Case] =
    byHaproxy + [
        .new(verify("PS256", "PS256,rsa.pem"), "1"), .new(verify("PS384", "PS384,rsa.pem"), "1"),
        .new(verify("PS512", "PS512,rsa1.pem"), "1"), .new(verify("PS256", "PS384,rsa.pem"), "0"),
        .new(verify("RS256", "PS256,rsa.pem"), "0"), .new(verify("PS256", "RS256,rsa.pem"), "0"),
        .ours(
            verify("RS256", "RS256,rsacert.pem"), "1", "certificates are taken from 3.3 on"),
        .ours(
            verify("ES256", "ES256,eccert.pem"), "1", "certificates are taken from 3.3 on"),
        .ours(
            verify("HS256", "HS256,secret").replacingOccurrences(of: "),j", with: "=),j"), "-3",
            "base64url has no equals sign; 2.6 reads it as a digit"),
        .ours(verify("HS256", "txn.alg,rsa.pem"), "0", "a path is a secret, too"),
    ]

/// Uses of keys that cannot work.
let keyMistakes: [(String, String)] = [
    ("RS256,none.pem", "there is no public key in the file 'none.pem'"),
    ("ES256,text.pem", "there is no public key in the file 'text.pem'"),
    ("RS256,es256.pem", "the key in 'es256.pem' is not of the kind that <alg> needs"),
    ("ES256,rsa.pem", "the key in 'rsa.pem' is not of the kind that <alg> needs"),
    ("PS256,ed.pem", "the key in 'ed.pem' is not of the kind that <alg> needs"),
    ("HS257,x", "expects a variable, 'none' or one of HS, RS, ES and PS with 256, 384 or 512"),
    ("hs256,x", "one of HS, RS, ES and PS"), ("NONE,x", "one of HS, RS, ES and PS"),
    ("foo.bar,x", "one of HS, RS, ES and PS"), ("HS256", "<key>, text or a variable, is missing"),
]
