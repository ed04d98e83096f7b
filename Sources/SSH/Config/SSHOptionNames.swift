/// The options of ssh_config(5), in lower case, by what becomes of them here.
enum SSHOptionNames {
    /// Older names of options.
    static let current = [
        "pubkeyacceptedkeytypes": "pubkeyacceptedalgorithms", "hostbasedkeytypes": "hostbasedacceptedalgorithms",
        "challengeresponseauthentication": "kbdinteractiveauthentication",
        "skeyauthentication":
            "kbdinteractiveauthentication", "tisauthentication": "kbdinteractiveauthentication",
        "dsaauthentication": "pubkeyauthentication", "userknownhostsfile2": "userknownhostsfile",
        "globalknownhostsfile2": "globalknownhostsfile", "identityfile2": "identityfile", "keepalive": "tcpkeepalive",
    ]

    /// Those that change what is done.
    static let honoured: Set<String> = [
        "certificatefile", "ciphers", "connectionattempts", "connecttimeout", "globalknownhostsfile",
        "hostkeyalgorithms",
        "hostkeyalias", "hostname", "identitiesonly", "identityagent", "identityfile", "ignoreunknown",
        "kbdinteractiveauthentication", "kexalgorithms", "macs", "passwordauthentication", "port", "proxycommand",
        "proxyjump", "pubkeyauthentication", "serveralivecountmax", "serveraliveinterval", "stricthostkeychecking",
        "user", "userknownhostsfile",
    ]

    /// Those that tune what does not exist here, or is so in any case: connections are shared, quiet, without a
    /// terminal and without forwarding.
    static let moot: Set<String> = [
        "addkeystoagent", "addressfamily", "batchmode", "canonicaldomains", "canonicalizefallbacklocal",
        "canonicalizemaxdots", "canonicalizepermittedcnames", "casignaturealgorithms", "checkhostip",
        "clearallforwardings", "compression", "compressionlevel", "controlmaster", "controlpath", "controlpersist",
        "enableescapecommandline", "enablesshkeysign", "escapechar", "exitonforwardfailure", "fingerprinthash",
        "forkafterauthentication", "forwardx11", "forwardx11timeout", "forwardx11trusted", "gatewayports",
        "gssapiauthentication", "gssapidelegatecredentials", "gssapikeyexchange", "gssapitrustdns",
        "gssapirenewalforcesrekey", "gssapiclientidentity", "gssapiserveridentity", "gssapikexalgorithms",
        "hashknownhosts", "hostbasedacceptedalgorithms", "hostbasedauthentication", "ipqos",
        "kbdinteractivedevices", "loglevel", "logverbose", "nohostauthenticationforlocalhost",
        "numberofpasswordprompts",
        "obscurekeystroketiming", "permitlocalcommand", "permitremoteopen", "preferredauthentications",
        "proxyusefdpass", "pubkeyacceptedalgorithms", "rekeylimit", "requesttty", "requiredrsasize", "sendenv",
        "sessiontype", "setenv", "stdinnull", "streamlocalbindmask", "streamlocalbindunlink", "syslogfacility",
        "tcpkeepalive", "updatehostkeys", "useblacklistedkeys", "useroaming", "visualhostkey", "xauthlocation",
    ]

    /// Those that mean something we do not do.
    static let unsupported: Set<String> = [
        "bindaddress", "bindinterface", "canonicalizehostname", "dynamicforward", "forwardagent",
        "knownhostscommand",
        "localcommand", "localforward", "pkcs11provider", "remotecommand", "remoteforward", "revokedhostkeys",
        "securitykeyprovider", "tag", "tunnel", "tunneldevice", "verifyhostkeydns",
    ]
}
