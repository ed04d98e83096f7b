import Values

/// The arguments of `community.crypto.openssl_csr`.
extension CertificateRequestModule {
    static let manual = ModuleManual(
        name: "community.crypto.openssl_csr",
        summary: "Make a certificate signing request on the host.",
        description: """
            The request is written by swiftprov and signed by the host's `openssl` with a private key that stays there. \
            It is made anew when it does not say what the task says, or is of another key.
            """,
        arguments: [
            .optional("privatekey_path", .path, "The private key."),
            .optional("privatekey_content", .string, "The private key itself.", secret: true),
            .optional("privatekey_passphrase", .string, "What the key is encrypted with.", secret: true),
            .optional("digest", .string, "What is signed: a digest of this kind.", default: "sha256"),
            Argument("version", .int, "The request's version; there is one.", default: 1, choices: ["1"]),
            .optional("subject", .raw, "Attributes of the name, by their names; a list gives one several times."),
            .optional("subject_ordered", .list(.raw), "The same as a list of maps of one, in this order."),
            .optional("country_name", .string, "The attribute C.", aliases: ["C", "countryName"]),
            .optional(
                "state_or_province_name", .string, "The attribute ST.", aliases: ["ST", "stateOrProvinceName"]),
            .optional("locality_name", .string, "The attribute L.", aliases: ["L", "localityName"]),
            .optional("organization_name", .string, "The attribute O.", aliases: ["O", "organizationName"]),
            .optional(
                "organizational_unit_name", .string, "The attribute OU.", aliases: ["OU", "organizationalUnitName"]),
            .optional("common_name", .string, "The attribute CN.", aliases: ["CN", "commonName"]),
            .optional("email_address", .string, "The attribute emailAddress.", aliases: ["E", "emailAddress"]),
            .optional(
                "subject_alt_name", .list(.string),
                "Further names: `DNS:…`, `IP:…`, `email:…`, `URI:…`, `RID:…`, `otherName:…`, `dirName:…`.",
                aliases: ["subjectAltName"]),
            .optional(
                "subject_alt_name_critical", .bool, "Whether who does not know them must refuse the certificate.",
                default: false, aliases: ["subjectAltName_critical"]),
            .optional(
                "use_common_name_for_san", .bool, "Take the common name for a `DNS:` name where there is no other.",
                default: true, aliases: ["useCommonNameForSAN"]),
            .optional("key_usage", .list(.string), "What the key may be used for.", aliases: ["keyUsage"]),
            .optional(
                "key_usage_critical", .bool, "Whether that is critical.", default: false,
                aliases: ["keyUsage_critical"]),
            .optional(
                "extended_key_usage", .list(.string), "Purposes, such as serverAuth.",
                aliases: ["extKeyUsage", "extendedKeyUsage"]),
            .optional(
                "extended_key_usage_critical", .bool, "Whether they are critical.", default: false,
                aliases: ["extKeyUsage_critical", "extendedKeyUsage_critical"]),
            .optional(
                "basic_constraints", .list(.string), "`CA:TRUE` or `CA:FALSE`, and `pathlen:<number>`.",
                aliases: ["basicConstraints"]),
            .optional(
                "basic_constraints_critical", .bool, "Whether they are critical.", default: false,
                aliases: ["basicConstraints_critical"]),
            .optional(
                "ocsp_must_staple", .bool, "Ask for a stapled answer of the authority.", default: false,
                aliases: ["ocspMustStaple"]),
            .optional(
                "ocsp_must_staple_critical", .bool, "Whether that is critical.", default: false,
                aliases: ["ocspMustStaple_critical"]),
            .optional("name_constraints_permitted", .list(.string), "Names an authority may sign for."),
            .optional("name_constraints_excluded", .list(.string), "Names it may not sign for."),
            .optional("name_constraints_critical", .bool, "Whether that is critical.", default: false),
            .optional(
                "create_subject_key_identifier", .bool, "Take the key's hash for its identifier.", default: false),
            .optional("subject_key_identifier", .string, "The key's identifier, such as 00:11:22."),
            .optional("authority_key_identifier", .string, "The authority's, likewise."),
            .optional("authority_cert_issuer", .list(.string), "Names of the issuer of the authority's certificate."),
            .optional("authority_cert_serial_number", .string, "That certificate's number, of any size."),
            .optional(
                "crl_distribution_points",
                .list(
                    .map([
                        .optional("full_name", .list(.string), "Where the list is, such as URI:http://…"),
                        .optional("relative_name", .list(.string), "Parts of a name relative to the issuer's."),
                        .optional("crl_issuer", .list(.string), "Who issues it."),
                        .optional("reasons", .list(.string), "Which withdrawals it lists."),
                    ])), "Where lists of withdrawn certificates are."),
        ] + CryptoOutput.arguments,
        diff: "what the request says",
        example: """
            - community.crypto.openssl_csr:
                path: /etc/ssl/example.org.csr
                privatekey_path: /etc/ssl/private/example.org.key
                common_name: example.org
                subject_alt_name: [DNS:example.org, DNS:www.example.org]
            """,
        aliases: ["ansible.builtin.openssl_csr"],
        exclusive: [["privatekey_path", "privatekey_content"]]
    )
}
