import Values

/// The arguments of `community.crypto.x509_certificate`.
extension CertificateModule {
    static let manual = ModuleManual(
        name: "community.crypto.x509_certificate",
        summary: "Make a certificate that its own key or an authority of yours signs.",
        description: """
            The certificate is written by swiftprov and signed by the host's `openssl` with a private key that stays \
            there. It is made anew when it does not say what the request says, is of another key, or is signed by \
            another one; its times count with `ignore_timestamps: false` only.
            """,
        arguments: [
            Argument(
                "provider", .string, "Who signs: its own key (`selfsigned`), or an authority whose key is on the host.",
                choices: ["acme", "ownca", "selfsigned"]),
            .optional("csr_path", .path, "The request, which says what the certificate says."),
            .optional("csr_content", .string, "The request itself."),
            .optional("privatekey_path", .path, "The certificate's private key."),
            .optional("privatekey_content", .string, "That key itself.", secret: true),
            .optional("privatekey_passphrase", .string, "What that key is encrypted with.", secret: true),
            .optional("ignore_timestamps", .bool, "Whether its times are left alone once it is there.", default: true),
            .optional("selfsigned_digest", .string, "What is signed: a digest of this kind.", default: "sha256"),
            .optional(
                "selfsigned_not_before", .string, "When it begins: `+0s` is now, `20300131120000Z` a moment.",
                default: "+0s", aliases: ["selfsigned_notBefore"]),
            .optional(
                "selfsigned_not_after", .string, "When it ends, likewise.", default: "+3650d",
                aliases: ["selfsigned_notAfter"]),
            .optional(
                "selfsigned_create_subject_key_identifier", .string, "Whether it holds the key's identifier.",
                default: "create_if_not_provided", choices: ["create_if_not_provided", "always_create", "never_create"]),
            Argument("selfsigned_version", .int, "The version; there is one.", default: 3, choices: ["3"]),
            .optional("ownca_path", .path, "The authority's certificate."),
            .optional("ownca_content", .string, "That certificate itself."),
            .optional("ownca_privatekey_path", .path, "The authority's private key."),
            .optional("ownca_privatekey_content", .string, "That key itself.", secret: true),
            .optional("ownca_privatekey_passphrase", .string, "What that key is encrypted with.", secret: true),
            .optional("ownca_digest", .string, "What is signed: a digest of this kind.", default: "sha256"),
            .optional("ownca_not_before", .string, "When it begins.", default: "+0s"),
            .optional("ownca_not_after", .string, "When it ends.", default: "+3650d"),
            .optional(
                "ownca_create_subject_key_identifier", .string, "Whether it holds the key's identifier.",
                default: "create_if_not_provided", choices: ["create_if_not_provided", "always_create", "never_create"]),
            .optional(
                "ownca_create_authority_key_identifier", .bool, "Whether it holds the authority's.", default: true),
            Argument("ownca_version", .int, "The version; there is one.", default: 3, choices: ["3"]),
            Argument("acme_accountkey_path", .path, "For `acme`.", refusal: acme),
            Argument("acme_challenge_path", .path, "For `acme`.", refusal: acme),
            Argument("acme_chain", .bool, "For `acme`.", refusal: acme),
            Argument("acme_directory", .string, "For `acme`.", refusal: acme),
        ] + CryptoOutput.arguments,
        diff: "what the certificate says",
        example: """
            - community.crypto.x509_certificate:
                path: /etc/ssl/example.org.crt
                csr_path: /etc/ssl/example.org.csr
                provider: ownca
                ownca_path: /etc/ssl/ca.crt
                ownca_privatekey_path: /etc/ssl/private/ca.key
            """,
        aliases: ["ansible.builtin.x509_certificate", "community.crypto.openssl_certificate"],
        exclusive: [
            ["csr_path", "csr_content"], ["privatekey_path", "privatekey_content"], ["ownca_path", "ownca_content"],
            ["ownca_privatekey_path", "ownca_privatekey_content"],
        ]
    )

    private static let acme = "Certificates of ACME authorities are left to certbot."
}
