/// All filters by name.
enum FilterIndex {
    private static let table: PluginTable<Filter> = {
        let builtin: [[Filter]] = [
            ValueFilters.all, NumberFilters.all, ListFilters.all, GroupFilters.all, SelectionFilters.all,
            MapFilters.all,
            SetFilters.all, CombinationFilters.all, TextFilters.all,
            LayoutFilters.all, MarkupFilters.all, URLizeFilter.all, CommentFilter.all,
            PathFilters.all, RegexFilters.all, JSONFilters.all, CodingFilters.all, SizeFilters.all, RandomFilters.all,
            TimeFilters.all, YAMLFilters.all, PasswordFilters.all, VaultFilters.all,
        ]
        let utils = NetworkFilters.all + KeyFilters.utils + PathsFilters.all + ConsolidateFilter.all
        let general =
            GeneralFilters.all + GeneralListFilters.all + KeyFilters.general + TimeUnitFilters.all + INIFilters.all
            + QueryFilter.all + AnsibleTypes.filters
        // Names that one of these has taken over from the other.
        let shared = (PathFilters.all + YAMLFilters.all).filter {
            ["path_join", "to_yaml", "to_nice_yaml"].contains($0.name)
        }
        return PluginTable(
            kind: "filter", builtin: byName(builtin.joined()),
            collections: ["ansible.utils": byName(utils), "community.general": byName(general + shared)],
            shortNames: [
                "community.general": ["json_query", "random_mac"],
                "ansible.utils": [
                    "cidr_merge", "ipaddr", "ipmath", "ipwrap", "ip4_hex", "ipv4", "ipv6", "ipsubnet",
                    "next_nth_usable",
                    "network_in_network", "network_in_usable", "reduce_on_network", "nthhost", "previous_nth_usable",
                    "slaac", "hwaddr",
                ],
            ], refused: refused)
    }()

    private static func byName(_ filters: some Sequence<Filter>) -> [String: Filter] {
        Dictionary(filters.map { ($0.name, $0) }, uniquingKeysWith: { _, last in last })
    }

    static var names: [String] { table.names }

    /// The filter of a name, which may be given with its collection in front.
    static func filter(named name: String) -> Filter? { table.plugin(named: name) }

    static func trouble(with name: String) -> (summary: String, remedy: String?) { table.trouble(with: name) }

    /// Filters of collections that stand on a library of their own.
    private static let refused: [String: String] = {
        var result: [String: String] = [:]
        func refuse(_ collection: String, _ names: [String], _ remedy: String) {
            for name in names { result["\(collection).\(name)"] = remedy }
        }
        refuse(
            "community.general", ["jc"],
            "Ask the program for JSON, if it has it, and use 'from_json'; else take the text apart with 'regex_search'."
        )
        refuse(
            "community.general", ["hashids_encode", "hashids_decode"],
            "Make short names with 'hash' or 'to_uuid', or compute them with a command.")
        refuse(
            "community.general", ["json_diff", "json_patch", "json_patch_recipe"],
            "Change the data with 'combine', or run a program that patches JSON.")
        refuse("community.general", ["to_prettytable"], "Write the table as a template with 'format' or 'ljust'.")
        refuse(
            "ansible.utils", ["validate"],
            "Check values with 'assert', or a role's arguments with its meta/argument_specs.yml.")
        refuse("ansible.utils", ["fact_diff"], "Compare with '==', or see the change with --diff.")
        refuse(
            "ansible.utils", ["from_xml", "to_xml"],
            "Read XML with 'regex_findall' or a command; write it as a template.")
        refuse(
            "ansible.netcommon",
            [
                "parse_cli", "parse_cli_textfsm", "parse_xml", "pop_ace", "vlan_parser", "vlan_expander", "type5_pw",
                "hash_salt", "comp_type5",
            ], "It belongs to network devices, which are not supported; 'regex_findall' takes text apart.")
        refuse(
            "community.crypto",
            [
                "gpg_fingerprint", "openssl_csr_info", "openssl_privatekey_info", "openssl_publickey_info",
                "parse_serial", "split_pem", "to_serial", "x509_certificate_info", "x509_crl_info",
            ], "Run openssl or gpg with 'command', or in lookup('pipe', …), and use its output.")
        return result
    }()
}
