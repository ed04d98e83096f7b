public import Diagnostics
internal import Values

/// All modules, by every name a task can call them.
public enum ModuleIndex {
    /// The modules, in the order the manual lists them. A new one gets a line here.
    public static let all: [any Module.Type] =
        control + files + packages + system + crypto + PostgresModules.all + DockerModules.all

    private static let control: [any Module.Type] = [
        AssertModule.self, AsyncStatusModule.self, CommandModule.self, DebugModule.self, ExpectModule.self,
        FailModule.self,
        PingModule.self, RawModule.self, RebootModule.self, ScriptModule.self,
        SetFactModule.self, SetStatsModule.self, SetupModule.self, ShellModule.self, UriModule.self,
        ValidateArgumentSpecModule.self,
        WaitForConnectionModule.self, WaitForModule.self,
    ]
    private static let files: [any Module.Type] = [
        ArchiveModule.self,
        AssembleModule.self,
        BlockinfileModule.self,
        CopyModule.self,
        FetchModule.self,
        FileModule.self,
        FindModule.self,
        GetUrlModule.self,
        GitModule.self,
        IniFileModule.self,
        LineinfileModule.self,
        ReplaceModule.self,
        SlurpModule.self,
        StatModule.self,
        SynchronizeModule.self,
        TempfileModule.self,
        TemplateModule.self,
        UnarchiveModule.self,
    ]
    private static let packages: [any Module.Type] = [
        AptModule.self,
        AptKeyModule.self,
        AptRepositoryModule.self,
        Deb822RepositoryModule.self,
        DebconfModule.self,
        DnfModule.self,
        DpkgSelectionsModule.self,
        PackageFactsModule.self,
        PackageModule.self,
        PipModule.self,
    ]
    private static let crypto: [any Module.Type] = [
        CertificateInfoModule.self,
        CertificateModule.self,
        CertificateRequestModule.self,
        PrivateKeyModule.self,
    ]
    private static let system: [any Module.Type] = [
        AclModule.self,
        AlternativesModule.self,
        AuthorizedKeyModule.self,
        CronModule.self,
        FirewalldModule.self,
        GetentModule.self,
        GroupModule.self,
        HostnameModule.self,
        IptablesModule.self,
        KnownHostsModule.self,
        LocaleGenModule.self,
        ModprobeModule.self,
        MountModule.self,
        PamLimitsModule.self,
        ServiceFactsModule.self,
        ServiceModule.self,
        SysctlModule.self,
        SystemdServiceModule.self,
        SysvinitModule.self,
        TimezoneModule.self,
        UfwModule.self,
        UserModule.self,
    ]

    /// Every name of every module: the full one, the short one, the other full ones.
    private static let byName: [String: any Module.Type] = {
        var names: [String: any Module.Type] = [:]
        for module in all {
            let manual = module.manual
            for name in [manual.name, manual.shortName] + manual.aliases {
                names[name] = module
                // An alias such as `ansible.builtin.systemd` has a short form, too.
                if let short = name.split(separator: ".").last { names[String(short)] = names[String(short)] ?? module }
            }
        }
        return names
    }()

    /// The module of that name, full or short.
    ///
    /// `ansible.builtin.` and `ansible.legacy.` stand before the modules that every Ansible brings, and redirect to
    /// collections that modules have moved to, as Ansible does.
    public static func find(_ name: String) -> (any Module.Type)? {
        if let module = byName[name] { return module }
        for prefix in ["ansible.builtin.", "ansible.legacy."] where name.hasPrefix(prefix) {
            let short = String(name.dropFirst(prefix.count))
            if !short.contains("."), let module = byName[short] { return module }
        }
        return nil
    }

    /// The names for completion and near matches: short and full, without aliases.
    public static var names: [String] { all.flatMap { [$0.manual.shortName, $0.manual.name] } }

    private static var shortNames: [String] { all.map { $0.manual.shortName } }

    /// The error that a task with an unknown module is.
    ///
    /// - Parameters:
    ///   - name: As the task has it.
    ///   - location: Where.
    ///   - actions: Names that the engine itself does (`include_tasks`, `meta`), for near matches.
    public static func unknown(
        _ name: String, at location: SourceLocation?, actions: [String] = []
    ) -> Diagnostic {
        let short = String(name.split(separator: ".").last ?? "")
        if let successor = OtherModules.removed[short] {
            return Diagnostic(
                .unknownModule, "module '\(name)' was removed from Ansible", at: location, remedy: successor)
        }
        if let advice = OtherModules.leftOut[short] {
            return Diagnostic(.unknownModule, "module '\(name)' is not supported", at: location, remedy: advice)
        }
        if let collection = OtherModules.collection(of: name) {
            return Diagnostic(
                .unknownModule, "module '\(name)' is not supported yet", at: location,
                remedy:
                    "It belongs to \(collection). Use a module that `swiftprov doc --list` names, or a command with `creates`."
            )
        }
        let known = name.contains(".") ? Array(byName.keys) : shortNames + actions
        var hint = NearestNames.hint(name, among: known)
        if hint == nil, name.contains(".") {
            hint = NearestNames.hint(short, among: shortNames + actions)
        }
        return Diagnostic(
            .unknownModule, "unknown module '\(name)'", at: location,
            remedy: hint ?? "`swiftprov doc --list` names the modules there are.")
    }
}
