internal import Values

extension ContainerSpec {
    /// What the Engine is sent to make the container.
    ///
    /// - Parameters:
    ///   - image: The image's name, or its ID where the task names none.
    ///   - sight: For what depends on the host: addresses, IDs, the contents of `env_file`.
    func creation(image: String, _ sight: ContainerSight) -> Value {
        var root: ValueMap = ["Image": .string(image), "HostConfig": [:]]
        for option in options where option.isSent {
            var wanted = option.wanted
            if let mode = wanted.stringValue, mode.hasPrefix("container:"),
                let id = sight.identities[String(mode.dropFirst("container:".count))]
            {
                wanted = .string("container:\(id)")
            }
            if option.name == "links" {
                // Inspection shows `/db:/web/alias`, creation wants `db:alias`.
                wanted = .list(wanted.items.map { .string(Self.linkForCreation($0.pythonText)) })
            }
            // Inspection has a `Config` of its own, creation has its members at the top.
            let path = option.path.first == "Config" ? Array(option.path.dropFirst()) : option.path
            root = Self.setting(wanted, at: path[...], in: root)
        }
        if let networkMode {
            root = Self.setting(
                .string(resolved(networkMode, sight)), at: ["HostConfig", "NetworkMode"], in: root)
        }
        var variables = sight.fileEnvironment ?? [:]
        variables.merge(environment ?? [:])
        if !variables.isEmpty {
            root["Env"] = .list(
                variables.map { key, value in
                    .string(Text("\(key.text)=\(value.pythonText)", marks: value.text?.marks ?? []))
                })
        }
        if let labels { root["Labels"] = .map(labels) }
        if let ports {
            root["ExposedPorts"] = .map(ValueMap(ports.exposed.map { (.string($0), .map([:])) }))
            if !ports.bindings.isEmpty {
                root = Self.setting(
                    ports.portBindings(defaultAddress: address(sight)), at: ["HostConfig", "PortBindings"], in: root)
            }
        }
        if !anonymousVolumes.isEmpty {
            root["Volumes"] = .map(ValueMap(anonymousVolumes.map { (.string($0), .map([:])) }))
        }
        if isAwaited {
            root["AttachStdout"] = true
            root["AttachStderr"] = true
            let isInteractive = root["OpenStdin"]?.isTruthy == true
            root["AttachStdin"] = .bool(isInteractive)
            root["StdinOnce"] = .bool(isInteractive)
        }
        let atCreation = networksAtCreation(sight)
        if !atCreation.isEmpty {
            root["NetworkingConfig"] = [
                "EndpointsConfig": .map(ValueMap(atCreation.map { (.string($0.name), $0.endpoint) }))
            ]
        }
        return .map(root)
    }

    /// The networks that the container is given as it is made: before version 1.44 of its interface the Engine
    /// takes one only.
    func networksAtCreation(_ sight: ContainerSight) -> [Network] {
        guard connectsFirst, let networks else { return [] }
        let takesAll = (sight.apiVersion ?? APIVersion(1, 41)) >= APIVersion(1, 44)
        return takesAll ? networks : Array(networks.prefix(1))
    }

    /// The networks it is connected to afterwards.
    func networksAfterCreation(_ sight: ContainerSight) -> [Network] {
        let done = Set(networksAtCreation(sight).map(\.name))
        return (networks ?? []).filter { !done.contains($0.name) }
    }

    private func resolved(_ mode: String, _ sight: ContainerSight) -> String {
        guard mode.hasPrefix("container:") else { return mode }
        let other = String(mode.dropFirst("container:".count))
        return sight.identities[other].map { "container:\($0)" } ?? mode
    }

    private static func linkForCreation(_ link: String) -> String {
        let parts = link.split(separator: ":", maxSplits: 1).map(String.init)
        let container = parts.first.map { $0.hasPrefix("/") ? String($0.dropFirst()) : $0 } ?? link
        let alias = parts.last?.split(separator: "/").last.map(String.init) ?? container
        return "\(container):\(alias)"
    }

    private static func setting(_ value: Value, at path: ArraySlice<String>, in map: ValueMap) -> ValueMap {
        guard let key = path.first else { return map }
        var map = map
        let rest = path.dropFirst()
        map[key] = rest.isEmpty ? value : .map(setting(value, at: rest, in: map[key]?.mapValue ?? [:]))
        return map
    }
}
