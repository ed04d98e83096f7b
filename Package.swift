// swift-tools-version: 6.1
import PackageDescription

/// The settings every room is built with.
let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// A room: a target of our own with the settings all of them share.
func room(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

/// A room's tests.
///
/// - Parameter exclude: Folders whose files the tests read where they lie: they are no part of the build.
func tests(
    _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = [], resources: [Resource]? = nil
) -> Target {
    .testTarget(
        name: name, dependencies: dependencies, exclude: exclude, resources: resources, swiftSettings: settings)
}

let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let asn1 = Target.Dependency.product(name: "SwiftASN1", package: "swift-asn1")
let bigInt = Target.Dependency.product(name: "BigInt", package: "BigInt")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "swiftprov",
    products: [
        .executable(name: "swiftprov", targets: ["swiftprov"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.0.0"),
        .package(url: "https://github.com/apple/swift-asn1.git", from: "1.2.0"),
        .package(url: "https://github.com/attaswift/BigInt", from: "6.0.1"),
    ],
    targets: [
        // System libraries, each behind one module map.
        .systemLibrary(name: "CLibSSH2", pkgConfig: "libssh2", providers: [.apt(["libssh2-1-dev"])]),
        .systemLibrary(name: "CLibYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(name: "CPCRE2", pkgConfig: "libpcre2-8", providers: [.apt(["libpcre2-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CCrypt", providers: [.apt(["libcrypt-dev"])]),
        .target(name: "CLinux"),
        // libcurl, loaded when it is first needed; the package is for its headers.
        .target(name: "CHTTP", linkerSettings: [.linkedLibrary("dl")]),

        // What everything stands on.
        room("Diagnostics", []),
        room("Values", ["CLinux", "Diagnostics", bigInt]),

        // Files and programs of the control machine.
        room("Local", ["CLinux", "Diagnostics"]),

        // Asking servers from here.
        room("HTTP", ["CHTTP", "Diagnostics"]),

        // From text to values.
        room("YAML", ["CLibYAML", "Diagnostics", "Values"]),
        room("Vault", ["CLinux", "Diagnostics", "Local", "Values", crypto, cryptoExtras]),
        room("Configuration", ["Diagnostics", "Local", "Values", "Vault"]),
        room("Jinja", ["CCrypt", "CPCRE2", "CLinux", "Diagnostics", "Values", "YAML", "Vault", crypto]),

        // What people wrote.
        room("Inventory", ["CPCRE2", "Diagnostics", "Local", "Values", "YAML", "Vault", "Jinja"]),
        room("Playbook", ["Diagnostics", "Local", "Values", "YAML", "Vault"]),
        room("Variables", ["Diagnostics", "Local", "HTTP", "Values", "Jinja", "Inventory", "Vault"]),
        room(
            "Planning",
            [
                "Diagnostics", "Values", "YAML", "Playbook", "Inventory", "Variables", "Modules", "Jinja", "Vault",
                "Target",
            ]),

        // Hosts.
        room("Target", ["CLinux", "Diagnostics", "Local", "Values", "Results", crypto]),
        room("SSH", ["CLibSSH2", "CLinux", "Diagnostics", "Local", "Target", "Values", crypto, cryptoExtras]),

        // What hosts show of themselves.
        room("X509", ["Diagnostics", "Values", asn1, crypto, cryptoExtras]),

        // What is done there, and what is said about it.
        room("Results", ["Diagnostics", "Values"]),
        room(
            "Modules",
            ["CZlib", "Diagnostics", "Local", "Values", "Jinja", "YAML", "Target", "Results", "X509", crypto]),
        room(
            "Engine",
            [
                "Diagnostics", "Local", "Values", "Playbook", "Inventory", "Planning", "Variables", "Jinja", "Modules",
                "Target", "Results",
            ]
        ),
        room("Reporting", ["Diagnostics", "Values", "YAML", "Results"]),
        .executableTarget(
            name: "swiftprov",
            dependencies: [
                "Diagnostics", "Local", "Values", "YAML", "Vault", "Configuration", "Inventory", "Playbook", "Planning",
                "Variables", "Jinja", "Modules", "Target", "SSH", "Results", "Engine", "Reporting", argumentParser,
            ],
            swiftSettings: settings
        ),

        // What `make bench` times in one process; `swift build --product swiftprov` leaves it alone.
        .executableTarget(
            name: "TemplateBenchmark", dependencies: ["Diagnostics", "Values", "Inventory", "Jinja", "Variables"],
            path: "Tests/Benchmarks/TemplateBenchmark", swiftSettings: settings),

        // What `make fuzz` runs; left alone likewise.
        .executableTarget(
            name: "FuzzDriver",
            dependencies: ["Diagnostics", "Local", "Values", "YAML", "Vault", "Inventory", "Jinja"],
            path: "Tests/Fuzz/FuzzDriver", swiftSettings: settings),

        // Tests, a target a room.
        .target(
            name: "RunFixture",
            dependencies: [
                "Diagnostics", "Local", "Values", "YAML", "Vault", "Inventory", "Playbook", "Planning", "Variables",
                "Modules", "Target", "Results", "Engine",
            ],
            path: "Tests/RunFixture", swiftSettings: settings
        ),
        tests(
            "ConfigurationTests", ["Configuration", "Diagnostics", "Local", "Values", "Vault"], exclude: ["Cases"]),
        tests(
            "EngineTests",
            [
                "RunFixture", "Diagnostics", "Local", "Values", "Variables", "Results", "Engine", "Modules", "Planning",
                "Target",
            ],
            exclude: ["Cases"]
        ),
        tests(
            "InventoryTests", ["Diagnostics", "Local", "Values", "YAML", "Vault", "Inventory"],
            exclude: ["Cases", "ErrorCases"]
        ),
        tests("JinjaTests", ["Diagnostics", "Jinja", "Values"], exclude: ["Cases"]),
        tests("LocalTests", ["Diagnostics", "Local"]),
        tests(
            "ModulesTests", ["Local", "Modules", "Target", "Results", "Values", "Diagnostics", "YAML"],
            resources: [.copy("Cases"), .copy("HostCases")]),
        tests(
            "PlanningTests",
            [
                "RunFixture", "Diagnostics", "Local", "Values", "YAML", "Vault", "Inventory", "Playbook", "Planning",
                "Variables",
            ],
            exclude: ["Cases"]
        ),
        tests("ReportingTests", ["RunFixture", "Diagnostics", "Values", "Results", "Reporting"]),
        tests("SSHTests", ["SSH", "Target", "Diagnostics", "Local", "Values"], exclude: ["ConfigCases"]),
        tests("TargetTests", ["Target", "Diagnostics", "Local", "Results", "Values"]),
        tests("ValuesTests", ["Diagnostics", "Values"]),
        tests("VariablesTests", ["RunFixture", "Diagnostics", "Local", "Values", "Vault", "Inventory", "Variables"]),
        tests("VaultTests", ["Diagnostics", "Local", "Vault"], exclude: ["Cases"]),
        tests("X509Tests", ["Diagnostics", "X509"]),
        tests("YAMLTests", ["Diagnostics", "Values", "YAML"], exclude: ["Cases"]),
    ],
    swiftLanguageModes: [.v6]
)
