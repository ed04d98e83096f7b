import ArgumentParser

/// The options of `swiftprov apply`, under ansible-playbook's own names.
struct ApplyOptions: ParsableArguments {
    @Argument(help: "Playbooks, in order; `-` reads standard input. Default: playbooks/site.yml.")
    var playbooks: [String] = []

    @Option(
        name: [.customShort("i"), .customLong("inventory"), .customLong("inventory-file")],
        parsing: .singleValue, help: "An inventory file or directory, or hosts with a comma: `web1,`.")
    var inventory: [String] = []

    @Option(name: [.customShort("l"), .long], help: "Only these hosts of the plays.")
    var limit: String?

    @Option(
        name: [.customShort("e"), .customLong("extra-vars")], parsing: .singleValue,
        help: "Variables: `name=value`, YAML or JSON, or @FILE.")
    var extraVars: [String] = []

    @Option(name: [.customShort("t"), .long], parsing: .singleValue, help: "Only what has these tags.")
    var tags: [String] = []

    @Option(name: .customLong("skip-tags"), parsing: .singleValue, help: "Not what has these tags.")
    var skipTags: [String] = []

    @Flag(name: [.customShort("C"), .long], help: "Say what would change; change nothing.")
    var check = false

    @Flag(name: [.customShort("D"), .long], help: "Show what changes in files and settings.")
    var diff = false

    @Flag(name: .customLong("syntax-check"), help: "Check the playbooks, touch no host.")
    var syntaxCheck = false

    @Flag(name: .customLong("list-tasks"), help: "List the tasks, touch no host.")
    var listTasks = false

    @Flag(name: .customLong("list-tags"), help: "List the tags, touch no host.")
    var listTags = false

    @Flag(name: .customLong("list-hosts"), help: "List the hosts, touch none.")
    var listHosts = false

    @Flag(name: .customLong("list-dependencies"), help: "List roles and what they depend on, as a tree.")
    var listDependencies = false

    @Flag(name: [.customShort("v"), .long], help: "Say more; up to -vvvv.")
    var verbose: Int

    @Option(name: [.customShort("f"), .long], help: "How many hosts are worked on at once. Default: 5.")
    var forks: Int?

    @Flag(name: .customLong("force-handlers"), help: "Run notified handlers even on failed hosts.")
    var forceHandlers = false

    @Flag(name: .customLong("flush-cache"), help: "Forget the cached facts of the inventory's hosts.")
    var flushCache = false

    @Flag(name: .long, help: "Ask before each task: yes, no, or continue without asking.")
    var step = false

    @Flag(
        name: .long,
        help: "Go on where the last run of these playbooks ended; what it did is not done again.")
    var resume = false

    @Flag(
        name: .long, inversion: .prefixedNo,
        help: "Keep a journal of what is done, for --resume.")
    var journal = true

    @Option(
        name: .customLong("progress-after"),
        help: "Show what a task prints, and what it waits for, once it takes so many seconds; 0 never does. Default: 5."
    )
    var progressAfter: Int?

    @Option(
        name: .long,
        help: "End the run, and what it runs on hosts, after this time: 90, 30m, 1h30m.")
    var deadline: String?

    @Option(
        name: .customLong("start-at-task"),
        help: "Begin at the task of this name or pattern (one that is known before the run).")
    var startAtTask: String?

    @Option(
        name: [.customShort("M"), .customLong("module-path")], parsing: .singleValue,
        help: "Folders with modules of your own, apart by colons.")
    var modulePath: [String] = []

    @Option(
        name: .long, help: ArgumentHelp("Write a report: json=FILE, one JSON object a line.", valueName: "kind=file"))
    var report: [String] = []

    @OptionGroup(title: "Connection") var connection: ConnectionOptions
    @OptionGroup(title: "Vault") var vault: VaultOptions
}

/// How hosts are reached and who one becomes there.
struct ConnectionOptions: ParsableArguments {
    @Option(name: [.customShort("u"), .long], help: "Log in as this user.")
    var user: String?

    @Flag(name: [.customShort("k"), .customLong("ask-pass")], help: "Ask for the login password.")
    var askPass = false

    @Option(
        name: [.customLong("connection-password-file"), .customLong("conn-pass-file")],
        help: "Read the login password from a file.")
    var connectionPasswordFile: String?

    @Option(name: [.customLong("private-key"), .customLong("key-file")], help: "The private key to log in with.")
    var privateKey: String?

    @Option(name: [.customShort("c"), .long], help: "The connection: ssh or local.")
    var connection: String?

    @Option(name: [.customShort("T"), .long], help: "Seconds a connection may take. Default: 10.")
    var timeout: Int?

    @Option(name: .customLong("ssh-common-args"), parsing: .unconditional, help: "Options in the words of ssh(1).")
    var sshCommonArgs: String?

    @Option(name: .customLong("ssh-extra-args"), parsing: .unconditional, help: "More options in the words of ssh(1).")
    var sshExtraArgs: String?

    @Option(
        name: [.customLong("sftp-extra-args"), .customLong("scp-extra-args")], parsing: .unconditionalSingleValue,
        help: "Taken for scripts' sake; files travel over the shell, with neither sftp nor scp.")
    var fileTransferArgs: [String] = []

    @Flag(name: [.customShort("b"), .long], help: "Become another user.")
    var become = false

    @Option(name: .customLong("become-method"), help: "sudo, su or doas.")
    var becomeMethod: String?

    @Option(name: .customLong("become-user"), help: "The user to become. Default: root.")
    var becomeUser: String?

    @Flag(name: [.customShort("K"), .customLong("ask-become-pass")], help: "Ask for the password to become.")
    var askBecomePass = false

    @Option(
        name: [.customLong("become-password-file"), .customLong("become-pass-file")],
        help: "Read the password to become from a file.")
    var becomePasswordFile: String?
}

/// Where vault passwords come from.
struct VaultOptions: ParsableArguments {
    @Flag(
        name: [.customShort("J"), .customLong("ask-vault-password"), .customLong("ask-vault-pass")],
        help: "Ask for the vault password.")
    var askVaultPass = false

    @Option(
        name: [.customLong("vault-password-file"), .customLong("vault-pass-file")], parsing: .singleValue,
        help: "Read the vault password from a file, or from a program's output.")
    var vaultPasswordFile: [String] = []

    @Option(name: .customLong("vault-id"), parsing: .singleValue, help: "LABEL@FILE or LABEL@prompt.")
    var vaultID: [String] = []
}
