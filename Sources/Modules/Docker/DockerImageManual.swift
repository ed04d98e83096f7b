internal import Values

extension DockerImageModule {
    static let manual = ModuleManual(
        name: "community.docker.docker_image",
        summary: "Pull, build, load, tag, push, save and remove Docker images.",
        description: """
            With `source: pull` an image that is on the host stays as it is; `force_source: true` asks the registry \
            whether it has something newer under that name, and pulls only then.
            """,
        arguments: [
            .required("name", .string, "The image's name, with or without a tag, or its ID."),
            .optional("tag", .string, "The tag, where the name has none.", default: "latest"),
            .optional(
                "source", .string, "Where the image comes from; needed unless it is to be removed.",
                choices: ["build", "load", "pull", "local"]),
            .optional(
                "state", .string, "Whether it is to be there.", default: "present", choices: ["absent", "present"]),
            .optional(
                "force_source", .bool, "Build, load or pull even if an image of that name is there.", default: false),
            .optional("force_tag", .bool, "Tag it even if the target is tagged already.", default: false),
            .optional("force_absent", .bool, "Remove it even if other tags or containers use it.", default: false),
            .optional("repository", .string, "A further name to give it."),
            .optional("push", .bool, "Push it to its registry.", default: false),
            .optional("archive_path", .path, "A file on the host to save it to."),
            .optional("load_path", .path, "The archive on the host to load it from."),
            .optional("pull", .map([.optional("platform", .string, "The platform to pull.")]), "How to pull."),
            .optional(
                "build",
                .map([
                    .required("path", .path, "The directory on the host to build from."),
                    .optional("dockerfile", .string, "The Dockerfile in it."),
                    .optional("args", .map([]), "Values for ARG."),
                    .optional("cache_from", .list(.string), "Images to take layers from."),
                    .optional(
                        "container_limits",
                        .map([
                            .optional("memory", .string, "Memory limit."),
                            .optional("memswap", .string, "Memory and swap limit."),
                            .optional("cpushares", .string, "CPU share."),
                            .optional("cpusetcpus", .string, "Processors."),
                        ]), "Limits for the build."),
                    .optional("etc_hosts", .map([]), "Entries for /etc/hosts."),
                    Argument(
                        "http_timeout", .int, "Timeout of the build.",
                        refusal: "a build may take as long as it takes; 'async' bounds a task's time."),
                    .optional("labels", .map([]), "Labels."),
                    .optional("network", .string, "The network to build in."),
                    .optional("nocache", .bool, "Build all layers anew.", default: false),
                    .optional("platform", .string, "The platform to build for."),
                    .optional("pull", .bool, "Look for newer base images.", default: false),
                    .optional("rm", .bool, "Remove intermediate containers.", default: true),
                    .optional("shm_size", .string, "Size of /dev/shm."),
                    .optional("target", .string, "The stage to build."),
                    .optional(
                        "use_config_proxy", .bool, "Accepted: the docker command always uses the configured proxy."),
                ]), "How to build."),
        ] + DockerArguments.endpoint,
        check: "full; what a push sends and a forced build makes is not known before",
        example: """
            - community.docker.docker_image:
                name: nginx:1.25
                source: pull
            """,
        aliases: DockerArguments.aliases("docker_image")
    )
}
