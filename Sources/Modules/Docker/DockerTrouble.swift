internal import Diagnostics

/// What the Engine said was wrong, told so that its reader can mend it.
enum DockerTrouble {
    static func absent(_ absence: EngineAbsence, _ endpoint: DockerEndpoint) -> Diagnostic {
        absence.isInstalled
            ? Diagnostic(
                .failed, "the Docker Engine is not running: nothing answers at \(endpoint.name)",
                remedy: "start it: 'ansible.builtin.service: {name: docker, state: started}'; "
                    + "'journalctl -u docker' says why it ended.")
            : Diagnostic(
                .failed, "there is no Docker Engine on the host: no socket \(endpoint.name) and no docker command",
                remedy: "install it before: 'ansible.builtin.apt: {name: docker.io}'.")
    }

    /// The Engine's answer as an error.
    ///
    /// - Parameters:
    ///   - status: The HTTP status.
    ///   - message: The Engine's own words.
    ///   - asked: The request, such as `POST /containers/web/start`.
    static func diagnostic(status: Int, message: String, asked: String) -> Diagnostic {
        Diagnostic(
            .failed, "the Docker Engine: \(message.firstSentenceLine) (\(status) for \(asked))", remedy: remedy(message)
        )
    }

    /// What to do about the Engine's words, where they are well known.
    static func remedy(_ message: String) -> String? {
        for entry in known where entry.words.allSatisfy(message.contains) { return entry.remedy }
        return nil
    }

    private static let known: [(words: [String], remedy: String)] = [
        (
            ["port is already allocated"],
            "another container publishes that port: 'docker ps' on the host shows which."
        ),
        (
            ["address already in use"],
            "another program on the host listens on that port: 'ss -ltnp' shows which."
        ),
        (["Conflict. The container name"], "remove or rename the container of that name."),
        (["pull access denied"], "check the image's name; if it is private, log in first (docker_login)."),
        (["unauthorized"], "the registry wants a login: docker_login, with the task's become user."),
        (["no basic auth credentials"], "the registry wants a login: docker_login, with the task's become user."),
        (["manifest", "unknown"], "the registry has no such tag or digest: check the image's name."),
        (["manifest", "not found"], "the registry has no such tag or digest: check the image's name."),
        (["no such image"], "pull or load it first, or let the task pull it (pull: missing)."),
        (["No such image"], "pull or load it first, or let the task pull it (pull: missing)."),
        (
            ["certificate signed by unknown authority"],
            "put the registry's CA into /etc/docker/certs.d/REGISTRY/ca.crt on the host."
        ),
        (
            ["server gave HTTP response to HTTPS client"],
            "the registry speaks plain HTTP: give it TLS, or list it under insecure-registries in "
                + "/etc/docker/daemon.json."
        ),
        (["no such host"], "the host cannot resolve the registry's name: check its DNS or /etc/hosts."),
        (["connection refused"], "nothing listens there: check the registry's address and that it runs."),
        (["i/o timeout"], "it cannot be reached from the host: check network and firewall."),
        (["Client.Timeout"], "the registry does not answer: check network and firewall on the host."),
        (["context deadline exceeded"], "the registry does not answer: check network and firewall on the host."),
        (
            ["no space left on device"],
            "free space under Docker's data directory: 'docker system df' shows what uses it."
        ),
        (["has active endpoints"], "containers are still connected to the network; docker_network disconnects them."),
        (["volume is in use"], "remove the containers that use the volume first."),
        (["Pool overlaps"], "another network uses that subnet: choose another."),
        (
            ["could not find an available", "address pool"],
            "Docker's address pools are used up: remove unused networks or give a subnet in ipam_config."
        ),
        (["network", "not found"], "create the network first with docker_network."),
        (["is not a valid", "mode"], "check the spelling."),
        (["bind source path does not exist"], "create the path on the host first, or use volumes: instead of mounts:."),
        (["user-specified hostname"], "choose either a host name or the host's network."),
        (["client version", "too old"], "leave 'api_version' at auto."),
        (["client version", "too new"], "leave 'api_version' at auto."),
    ]
}

extension String {
    /// The text in one line: summaries have no more.
    var firstSentenceLine: String {
        split(whereSeparator: \.isNewline).map(\.trimmed).filter { !$0.isEmpty }.joined(separator: " ")
    }
}
