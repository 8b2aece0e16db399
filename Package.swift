// swift-tools-version: 6.3
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

/// With COUNTERSIGN_EMBEDDED=1 in the environment the device modules are compiled as Embedded Swift, from the same sources, and
/// no host module is.
let embedded = Context.environment["COUNTERSIGN_EMBEDDED"] == "1"

/// With COUNTERSIGN_CORE=1 there are only the device modules, their tests and what guards them, on the host and without any other
/// package: for fuzzing, benchmarks and release tests, which would otherwise build everything again.
let core = Context.environment["COUNTERSIGN_CORE"] == "1"

/// The trait with which AES-GCM does not need the processor's AES instructions; on by default where libsodium does not use them.
let portableAES = "SwiftCrypto"
#if arch(x86_64)
  let defaultTraits: Set<String> = []
#else
  let defaultTraits: Set<String> = [portableAES]
#endif

/// The trait with identity-based encryption, for which Scripts/get-blst builds the arithmetic.
let identityEncryption = "IdentityEncryption"
let swiftCrypto: [Target.Dependency] =
  embedded
  ? [] : [.product(name: "Crypto", package: "swift-crypto", condition: .when(traits: [portableAES]))]

/// What every target is compiled with: spans that live as long as what they point into, and members only of modules that a file imports.
let spans: [SwiftSetting] = [.enableExperimentalFeature("Lifetimes"), .enableUpcomingFeature("MemberImportVisibility")]

/// SecretBytes is stored in raw memory.
let rawStorage: [SwiftSetting] = [.enableExperimentalFeature("RawLayout"), .enableExperimentalFeature("BuiltinModule")]

/// A module that a device links: it never imports Foundation and does no I/O.
func deviceModule(_ name: String, _ dependencies: [Target.Dependency], _ settings: [SwiftSetting] = []) -> Target {
  .target(
    name: name, dependencies: dependencies,
    swiftSettings: spans + settings + (embedded ? [.enableExperimentalFeature("Embedded")] : []))
}

func hostModule(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource]? = nil) -> Target {
  .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: spans)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
  .testTarget(name: name, dependencies: dependencies + ["TestSeed"], exclude: exclude, swiftSettings: spans)
}

/// When the dynamic linker looks a function up at its first call, it saves all vector registers on the stack, with what the last
/// copy of a secret left in them. Programs therefore look up their functions at the start.
let bindNow: [LinkerSetting] = [.unsafeFlags(["-Xlinker", "-z", "-Xlinker", "now"], .when(platforms: [.linux]))]

/// A program whose release build a script in Tests/ examines from outside.
func guardProgram(_ name: String, _ dependencies: [Target.Dependency], path: String) -> Target {
  .executableTarget(
    name: name, dependencies: ["Credentials", "Wire", "Noise", "CountersignCrypto"] + dependencies, path: path,
    swiftSettings: spans,
    linkerSettings: bindNow)
}

let deviceTargets: [Target] = [
  .systemLibrary(name: "CSodium", pkgConfig: embedded ? nil : "libsodium", providers: [.apt(["libsodium-dev"])]),
  // ML-KEM-768 in C of our own, on hosts as on devices.
  .target(name: "CMLKEM"),
  deviceModule("CountersignCrypto", ["CMLKEM", "CSodium"] + swiftCrypto, rawStorage),
  deviceModule("Noise", ["CountersignCrypto"]),
  deviceModule("Wire", ["CountersignCrypto"]),
  deviceModule("Credentials", ["Wire", "CountersignCrypto"]),
  deviceModule("Schemes", ["Credentials", "Wire", "Noise", "CountersignCrypto"]),
  deviceModule("Records", ["Schemes", "Credentials", "Wire", "CountersignCrypto"]),
  deviceModule("Device", ["Records", "Schemes", "Credentials", "Wire", "Noise", "CountersignCrypto"]),
  // The device's side for firmware and programs in C: Scripts/c-library makes libraries of it.
  .systemLibrary(name: "CCountersign"),
  deviceModule(
    "DeviceC", ["CCountersign", "Device", "Records", "Schemes", "Credentials", "Wire", "Noise", "CountersignCrypto"]),
]

/// The device modules' tests and the programs that guard them.
let coreTargets: [Target] = [
  .target(name: "AllocationCounter", path: "Tests/Support/AllocationCounter"),
  .target(name: "AtLoad", path: "Tests/Support/AtLoad"),
  // What tests draw follows from a seed, in every process that has tests linked into it.
  .target(
    name: "TestSeed", dependencies: ["AllocationCounter", "AtLoad", "CSodium"], path: "Tests/Support/TestSeed",
    swiftSettings: spans),
  .target(
    name: "TestSupport", dependencies: ["AllocationCounter", "Noise", "CountersignCrypto"],
    path: "Tests/Support/TestSupport",
    swiftSettings: spans),
  .target(name: "Seeded", dependencies: ["CSodium"], path: "Tests/MemoryScan/Seeded"),
  guardProgram("MemoryScanSubject", ["Device", "Schemes", "Seeded"], path: "Tests/MemoryScan/Subject"),
  .target(name: "Memcheck", path: "Tests/ConstantTime/Memcheck"),
  guardProgram("ConstantTimeSubject", ["Memcheck", "Seeded"], path: "Tests/ConstantTime/Subject"),
  // The host's end of the wire for the firmware images of Benchmarks/Firmware.
  .executableTarget(
    name: "FirmwarePeer",
    dependencies: ["CSodium", "Device", "Records", "Schemes", "Credentials", "Wire", "Noise", "CountersignCrypto"],
    path: "Benchmarks/Firmware/Peer", swiftSettings: spans),
  .systemLibrary(name: "CSecrecy"),
  // Keeping keys to this process: locked memory, no core files.
  hostModule("Secrecy", ["CSecrecy"]),
  // Signatures by several parties: here, because its tests need no other package.
  hostModule("ThresholdSigning", ["Secrecy", "Wire", "CountersignCrypto"]),
  tests("ThresholdSigningTests", ["ThresholdSigning", "CountersignCrypto", "CCurve25519", "CSodium", "Wire"]),
  // One party of a ceremony and one signer, driven by lines: for the other implementation in Tests/Interop.
  .executableTarget(
    name: "ThresholdPeer", dependencies: ["ThresholdSigning", "CountersignCrypto"],
    path: "Tests/Interop/threshold/Peer",
    swiftSettings: spans),
  // Curve25519 as microcontrollers compute it, in portable C. Nothing of the host links it but the tests.
  .target(name: "CCurve25519", exclude: ["assembly"]),
  // With the trait an ML-KEM that is not ours.
  tests(
    "CountersignCryptoTests", ["CountersignCrypto", "CMLKEM", "CCurve25519", "CSodium"] + swiftCrypto),
  .systemLibrary(name: "CBlst", pkgConfig: "blst"),
  // Without the trait it has no more than identities.
  .target(
    name: "IdentityEncryption",
    dependencies: [
      .target(name: "CBlst", condition: .when(traits: [identityEncryption])), "Wire", "CountersignCrypto",
    ],
    swiftSettings: spans + rawStorage),
  tests(
    "IdentityEncryptionTests",
    [
      "IdentityEncryption", .target(name: "CBlst", condition: .when(traits: [identityEncryption])), "Wire",
      "CountersignCrypto", "CSodium", "TestSupport",
    ]),
  tests("NoiseTests", ["Noise", "CountersignCrypto", "TestSupport"]),
  .target(
    name: "FleetSupport", dependencies: ["TestSeed", "Device", "Schemes", "Credentials", "Wire", "CountersignCrypto"],
    path: "Tests/Support/FleetSupport", swiftSettings: spans),
  tests(
    "CredentialsTests",
    // With the trait an X25519 that is not ours, for the keys of identity-based credentials.
    ["Credentials", "Wire", "CountersignCrypto", "FleetSupport", "TestSupport"] + swiftCrypto),
  tests("SchemesTests", ["Schemes", "Credentials", "Wire", "Noise", "CountersignCrypto", "FleetSupport"]),
  tests(
    "DeviceTests",
    [
      "CCountersign", "DeviceC", "Device", "Records", "Schemes", "Credentials", "Wire", "Noise", "CountersignCrypto",
      "FleetSupport",
      "TestSupport",
    ]),
]

let hostTargets: [Target] = [
  .systemLibrary(name: "CSpawn"),
  // Files that nobody else may choose, written so that a crash leaves the old content or the new, and locks.
  hostModule("Files", [.product(name: "SystemPackage", package: "swift-system")]),
  // What a co-signer does, without its sockets: judging, its log, its part of each signature.
  hostModule(
    "Cosigner",
    [
      "ThresholdSigning", "Files", "Secrecy", "Credentials", "Noise", "Wire", "CountersignCrypto",
      .product(name: "SystemPackage", package: "swift-system"),
    ]),
  tests(
    "CosignerTests",
    [
      "Cosigner", "ThresholdSigning", "Files", "Credentials", "Wire", "CountersignCrypto",
      .product(name: "SystemPackage", package: "swift-system"),
    ]),
  hostModule("Processes", ["CSpawn"]),
  hostModule("Strangers", []),
  // Sessions over datagrams, without sockets and clocks.
  hostModule(
    "Datagrams",
    [
      "Strangers", "Wire", "Noise", "CountersignCrypto",
      .product(name: "DequeModule", package: "swift-collections"),
    ]),
  hostModule(
    "DeviceHost",
    [
      "Datagrams", "Files", "Secrecy", "Strangers", "Device", "Records", "Schemes", "Credentials", "Wire", "Noise",
      "CountersignCrypto",
      .product(name: "SystemPackage", package: "swift-system"),
    ]),
  hostModule("Keyring", ["Secrecy", "Schemes", "Credentials", "Wire", "CountersignCrypto"]),
  hostModule(
    "Registry",
    [
      "Keyring", "Files", "Schemes", "Credentials", "Wire", "CountersignCrypto",
      .product(name: "SystemPackage", package: "swift-system"), .product(name: "GRDB", package: "GRDB.swift"),
      .product(name: "GRDBSQLite", package: "GRDB.swift"),
    ]),
  hostModule(
    "Assembly",
    [
      "Files", "Registry", "Keyring", "Device", "Schemes", "Credentials", "Wire", "CountersignCrypto",
      .product(name: "SystemPackage", package: "swift-system"),
    ]),
  hostModule(
    "Mailbox", ["Files", "Wire", "CountersignCrypto", .product(name: "GRDB", package: "GRDB.swift")]),
  hostModule(
    "Relay",
    [
      "Mailbox", "Strangers", "Registry", "Keyring", "Records", "Schemes", "Credentials", "Wire", "Noise",
      "CountersignCrypto",
      .product(name: "DequeModule", package: "swift-collections"),
      .product(name: "Logging", package: "swift-log"),
    ]),
  hostModule(
    "RelayServer",
    [
      "Relay", "Mailbox", "Datagrams", "Strangers", "Registry", "Keyring", "Records", "Schemes", "Wire",
      "CountersignCrypto",
      .product(name: "DequeModule", package: "swift-collections"),
      .product(name: "Logging", package: "swift-log"),
      .product(name: "Metrics", package: "swift-metrics"),
      .product(name: "NIOCore", package: "swift-nio"),
      .product(name: "NIOHTTP1", package: "swift-nio"),
      .product(name: "NIOPosix", package: "swift-nio"),
      .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
    ]),
  hostModule(
    "Comparison", ["Device", "Records", "Schemes", "Credentials", "Wire", "Noise", "CountersignCrypto"],
    resources: [
      .embedInCode("Resources/catalog.json"), .embedInCode("Resources/firmware.json"),
      .embedInCode("Resources/matrix.json"), .embedInCode("Resources/page.html"), .embedInCode("Resources/page.css"),
      .embedInCode("Resources/page.js"),
    ]),
  hostModule(
    "Compromise",
    [
      "Relay", "Mailbox", "Registry", "Keyring", "DeviceHost", "Device", "Records", "Schemes", "Credentials", "Wire",
      "Noise",
      "CountersignCrypto",
      .product(name: "GRDBSQLite", package: "GRDB.swift"),
    ],
    resources: [.embedInCode("Resources/matrix.html")]),
  tests(
    "CompromiseTests",
    ["Compromise", "Schemes"],
    exclude: ["expected.json"]),
  hostModule(
    "LoadGenerator",
    [
      "DeviceHost", "Registry", "Keyring", "Processes", "Device", "Records", "Schemes", "Credentials", "Wire", "Noise",
      "CountersignCrypto",
      .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
    ]),
  hostModule(
    "Demo",
    [
      "Mailbox", "DeviceHost", "Processes", "Files", "Device", "Schemes", "Credentials", "Wire", "Noise",
      "CountersignCrypto",
    ]),
  .executableTarget(
    name: "CountersignCLI",
    dependencies: [
      "Demo", "LoadGenerator", "Compromise", "Comparison", "RelayServer", "Relay", "Mailbox", "Assembly", "DeviceHost",
      "Strangers", "Registry", "Keyring", "Files", "Secrecy", "Device", "Records", "Schemes", "Credentials", "Wire",
      "Noise",
      "IdentityEncryption", "CountersignCrypto",
      .product(name: "SystemPackage", package: "swift-system"),
      .product(name: "ArgumentParser", package: "swift-argument-parser"),
      .product(name: "Logging", package: "swift-log"),
      .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
    ],
    swiftSettings: spans,
    linkerSettings: bindNow),
  tests("StrangersTests", ["Strangers"]),
  tests("DatagramsTests", ["Datagrams", "Strangers", "CountersignCrypto"]),
  tests(
    "RegistryTests",
    [
      "Files", "Registry", "Keyring", "Schemes", "Credentials", "Wire", "CountersignCrypto",
      .product(name: "GRDB", package: "GRDB.swift"), .product(name: "SystemPackage", package: "swift-system"),
    ]),
  tests(
    "AssemblyTests",
    ["Files", "Assembly", "Registry", "Keyring", "Device", "Schemes", "Credentials", "Wire", "CountersignCrypto"]),
  tests(
    "RelayTests",
    [
      "RelayServer", "Relay", "Mailbox", "Registry", "Keyring", "DeviceHost", "Datagrams", "Strangers", "Processes",
      "Device",
      "Records",
      "Schemes", "Credentials", "Wire", "Noise", "CountersignCrypto", "FleetSupport",
      .product(name: "GRDB", package: "GRDB.swift"), .product(name: "Logging", package: "swift-log"),
      .product(name: "MetricsTestKit", package: "swift-metrics"), .product(name: "NIOCore", package: "swift-nio"),
      .product(name: "NIOEmbedded", package: "swift-nio"),
    ]),
  .executableTarget(
    name: "FixtureGenerator",
    dependencies: [
      "Seeded", "Files", "RelayServer", "Relay", "Mailbox", "Assembly", "DeviceHost", "Registry", "Keyring", "Device",
      "Schemes",
      "Credentials", "Wire",
      "CountersignCrypto",
      .product(name: "Logging", package: "swift-log"),
    ],
    path: "Tests/Fixtures/Generator", swiftSettings: spans),
  .executableTarget(
    name: "DeviceStoreWorker", dependencies: ["DeviceHost", "Device", "Wire"], path: "Tests/Support/DeviceStoreWorker",
    swiftSettings: spans),
  tests("ComparisonTests", ["Comparison", "Schemes"]),
  tests(
    "DeviceHostTests",
    [
      "Files", "DeviceHost", "Processes", "Device", "Records", "Schemes", "Credentials", "Wire", "Noise",
      "CountersignCrypto", "FleetSupport", "DeviceStoreWorker",
      .product(name: "SystemPackage", package: "swift-system"),
    ]),
  tests("ProcessesTests", ["Processes"]),
  tests(
    "CLITests",
    [
      "CountersignCLI", "Processes", "Assembly", "Registry", "Keyring", "Device", "Credentials", "Wire",
      "IdentityEncryption", "CountersignCrypto",
      .product(name: "ArgumentParser", package: "swift-argument-parser"),
    ]),
]

let package = Package(
  name: "countersign",
  products: [
    .library(name: "CountersignCrypto", targets: ["CountersignCrypto"]),
    .library(name: "Noise", targets: ["Noise"]),
    .library(name: "Device", targets: ["Device", "Records", "Schemes", "Credentials", "Wire"]),
  ]
    + (embedded ? [] : [.library(name: "ThresholdSigning", targets: ["ThresholdSigning", "CountersignCrypto"])])
    + (embedded ? [] : [.library(name: "IdentityEncryption", targets: ["IdentityEncryption", "Wire"])])
    + (embedded || core
      ? []
      : [
        .library(name: "Registry", targets: ["Registry", "Keyring", "Credentials", "Wire", "CountersignCrypto"]),
        .library(name: "DeviceClient", targets: ["DeviceHost", "Device", "Records", "Schemes", "Credentials", "Wire"]),
        .library(name: "RelayServer", targets: ["RelayServer", "Relay", "Mailbox", "Registry", "Keyring", "Wire"]),
        .library(name: "Comparison", targets: ["Comparison"]),
        .executable(name: "countersign", targets: ["CountersignCLI"]),
      ]),
  traits: embedded
    ? []
    : [
      .trait(
        name: portableAES,
        description: "AES-GCM from swift-crypto, for processors whose AES instructions libsodium does not use"),
      .trait(name: identityEncryption, description: "Encryption to a device's id; Scripts/get-blst first"),
      .default(enabledTraits: core ? [] : defaultTraits),
    ],
  // Whoever does not enable the trait of that name does not fetch swift-crypto.
  dependencies: (embedded ? [] : [.package(url: "https://github.com/apple/swift-crypto", from: "4.5.0")])
    + (embedded || core
      ? []
      : [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.1.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
      ]),
  targets: deviceTargets + (embedded ? [] : coreTargets) + (embedded || core ? [] : hostTargets),
  swiftLanguageModes: [.v6]
)
