// swift-tools-version: 6.3
import PackageDescription

/// With COUNTERSIGN_EMBEDDED=1 in the environment the device modules are compiled as Embedded Swift, from the same sources, and nothing
/// of the host is.
let embedded = Context.environment["COUNTERSIGN_EMBEDDED"] == "1"

/// With COUNTERSIGN_CORE=1 there are the device modules, their tests and what guards them, on the host and without any other package: AES-GCM
/// then needs the processor's AES instructions. For fuzzing, benchmarks and release tests, which would else build them all anew.
let core = Context.environment["COUNTERSIGN_CORE"] == "1"
let hasSwiftCrypto = !embedded && !core

let spans: [SwiftSetting] = [.enableExperimentalFeature("Lifetimes")]

/// SecretBytes has raw memory for storage.
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

/// Functions that the dynamic linker looks up only when they are first called have it save all vector registers on the stack,
/// with what the last copy of a secret left in them. Programs look theirs up at the start.
let bindNow: [LinkerSetting] = [.unsafeFlags(["-Xlinker", "-z", "-Xlinker", "now"], .when(platforms: [.linux]))]

/// A program whose release build a script of Tests/ looks at from outside.
func guardProgram(_ name: String, _ dependencies: [Target.Dependency], path: String) -> Target {
  .executableTarget(
    name: name, dependencies: ["Credentials", "Noise", "CountersignCrypto"] + dependencies, path: path,
    swiftSettings: spans,
    linkerSettings: bindNow)
}

let deviceTargets: [Target] = [
  .systemLibrary(name: "CSodium", pkgConfig: embedded ? nil : "libsodium", providers: [.apt(["libsodium-dev"])]),
  deviceModule(
    "CountersignCrypto", ["CSodium"] + (hasSwiftCrypto ? [.product(name: "Crypto", package: "swift-crypto")] : []),
    rawStorage + (hasSwiftCrypto ? [.define("SWIFT_CRYPTO")] : [])),
  deviceModule("Noise", ["CountersignCrypto"]),
  deviceModule("Credentials", ["CountersignCrypto"]),
  deviceModule("Schemes", ["Credentials", "Noise", "CountersignCrypto"]),
  deviceModule("Device", ["Schemes", "Credentials", "Noise", "CountersignCrypto"]),
  // The device's side for firmware in C: Benchmarks/Firmware/library makes a static library of it.
  .systemLibrary(name: "CCountersign"),
  deviceModule("DeviceC", ["CCountersign", "Device", "Schemes", "Credentials", "Noise", "CountersignCrypto"]),
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
  guardProgram("MemoryScanSubject", ["Device", "Seeded"], path: "Tests/MemoryScan/Subject"),
  .target(name: "Memcheck", path: "Tests/ConstantTime/Memcheck"),
  guardProgram("ConstantTimeSubject", ["Memcheck", "Seeded"], path: "Tests/ConstantTime/Subject"),
  // The host's end of the wire for the firmware images of Benchmarks/Firmware.
  .executableTarget(
    name: "FirmwarePeer", dependencies: ["CSodium", "Device", "Schemes", "Credentials", "Noise", "CountersignCrypto"],
    path: "Benchmarks/Firmware/Peer", swiftSettings: spans),
  // Curve25519 as microcontrollers compute it, in portable C. Nothing of the host links it but the tests.
  .target(name: "CCurve25519", exclude: ["assembly"]),
  tests("CountersignCryptoTests", ["CountersignCrypto", "CCurve25519", "CSodium"]),
  tests("NoiseTests", ["Noise", "CountersignCrypto", "TestSupport"]),
  .target(
    name: "FleetSupport", dependencies: ["TestSeed", "Device", "Schemes", "Credentials", "CountersignCrypto"],
    path: "Tests/Support/FleetSupport", swiftSettings: spans),
  tests(
    "CredentialsTests",
    ["Credentials", "CountersignCrypto", "FleetSupport", "TestSupport"]
      // An X25519 that is not ours, for the keys of identity-based credentials.
      + (hasSwiftCrypto ? [.product(name: "Crypto", package: "swift-crypto")] : [])),
  tests("SchemesTests", ["Schemes", "Credentials", "Noise", "CountersignCrypto", "FleetSupport"]),
  tests(
    "DeviceTests",
    [
      "CCountersign", "DeviceC", "Device", "Schemes", "Credentials", "Noise", "CountersignCrypto", "FleetSupport",
      "TestSupport",
    ]),
]

let hostTargets: [Target] = [
  .systemLibrary(name: "CSpawn"),
  .systemLibrary(name: "CSecrecy"),
  // Keeping keys to this process: locked memory, no core files.
  hostModule("Secrecy", ["CSecrecy"]),
  // Files that nobody else may choose, written so that a crash leaves the old content or the new, and locks.
  hostModule("Files", [.product(name: "SystemPackage", package: "swift-system")]),
  hostModule("Processes", ["CSpawn"]),
  hostModule("Strangers", []),
  hostModule(
    "DeviceHost",
    [
      "Files", "Secrecy", "Strangers", "Device", "Schemes", "Credentials", "Noise", "CountersignCrypto",
      .product(name: "SystemPackage", package: "swift-system"),
    ]),
  hostModule(
    "Registry",
    [
      "Files", "Secrecy", "Schemes", "Credentials", "CountersignCrypto",
      .product(name: "SystemPackage", package: "swift-system"), .product(name: "GRDB", package: "GRDB.swift"),
      .product(name: "GRDBSQLite", package: "GRDB.swift"),
    ]),
  hostModule("Assembly", ["Files", "Registry", "Device", "Schemes", "Credentials", "CountersignCrypto"]),
  hostModule(
    "Relay",
    [
      "Files", "Strangers", "Registry", "Device", "Schemes", "Credentials", "Noise", "CountersignCrypto",
      .product(name: "DequeModule", package: "swift-collections"),
      .product(name: "GRDB", package: "GRDB.swift"),
      .product(name: "Logging", package: "swift-log"),
      .product(name: "NIOCore", package: "swift-nio"),
      .product(name: "NIOHTTP1", package: "swift-nio"),
      .product(name: "NIOPosix", package: "swift-nio"),
      .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
    ]),
  hostModule(
    "Comparison", ["Device", "Schemes", "Credentials", "Noise", "CountersignCrypto"],
    resources: [
      .embedInCode("Resources/catalog.json"), .embedInCode("Resources/firmware.json"),
      .embedInCode("Resources/matrix.json"), .embedInCode("Resources/page.html"), .embedInCode("Resources/page.css"),
      .embedInCode("Resources/page.js"),
    ]),
  hostModule(
    "Compromise",
    [
      "Relay", "Registry", "DeviceHost", "Device", "Schemes", "Credentials", "Noise", "CountersignCrypto",
      .product(name: "GRDBSQLite", package: "GRDB.swift"),
    ],
    resources: [.embedInCode("Resources/matrix.html")]),
  tests(
    "CompromiseTests",
    ["Compromise", "Schemes"],
    exclude: ["expected.json"]),
  .executableTarget(
    name: "CountersignCLI",
    dependencies: [
      "Compromise", "Comparison", "Relay", "Assembly", "DeviceHost", "Strangers", "Registry", "Processes", "Files",
      "Secrecy",
      "Device", "Schemes", "Credentials", "Noise", "CountersignCrypto",
      .product(name: "SystemPackage", package: "swift-system"),
      .product(name: "ArgumentParser", package: "swift-argument-parser"),
      .product(name: "GRDB", package: "GRDB.swift"),
      .product(name: "NIOCore", package: "swift-nio"),
      .product(name: "NIOPosix", package: "swift-nio"),
      .product(name: "Logging", package: "swift-log"),
      .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
    ],
    swiftSettings: spans,
    linkerSettings: bindNow),
  tests("StrangersTests", ["Strangers"]),
  tests(
    "RegistryTests",
    ["Files", "Registry", "Schemes", "Credentials", "CountersignCrypto", .product(name: "GRDB", package: "GRDB.swift")]),
  tests(
    "AssemblyTests", ["Files", "Assembly", "Registry", "Device", "Schemes", "Credentials", "CountersignCrypto"]),
  tests(
    "RelayTests",
    [
      "Relay", "Registry", "DeviceHost", "Strangers", "Processes", "Device", "Schemes", "Credentials", "Noise",
      "CountersignCrypto", "FleetSupport",
      .product(name: "GRDB", package: "GRDB.swift"), .product(name: "Logging", package: "swift-log"),
      .product(name: "NIOCore", package: "swift-nio"),
      .product(name: "NIOEmbedded", package: "swift-nio"),
    ]),
  .executableTarget(
    name: "FixtureGenerator",
    dependencies: [
      "Seeded", "Files", "Relay", "Assembly", "DeviceHost", "Registry", "Device", "Schemes", "Credentials",
      "CountersignCrypto",
      .product(name: "Logging", package: "swift-log"),
    ],
    path: "Tests/Fixtures/Generator", swiftSettings: spans),
  .executableTarget(
    name: "DeviceStoreWorker", dependencies: ["DeviceHost", "Device"], path: "Tests/Support/DeviceStoreWorker",
    swiftSettings: spans),
  tests("ComparisonTests", ["Comparison", "Schemes"]),
  tests(
    "DeviceHostTests",
    [
      "Files", "DeviceHost", "Processes", "Device", "Credentials", "Noise", "CountersignCrypto", "FleetSupport",
      "DeviceStoreWorker",
    ]),
  tests("ProcessesTests", ["Processes"]),
  tests(
    "CLITests",
    [
      "CountersignCLI", "Processes", "Assembly", "Registry", "Device", "Credentials", "CountersignCrypto",
      .product(name: "ArgumentParser", package: "swift-argument-parser"),
    ]),
]

let package = Package(
  name: "countersign",
  products: [
    .library(name: "CountersignCrypto", targets: ["CountersignCrypto"]),
    .library(name: "Noise", targets: ["Noise"]),
    .library(name: "Device", targets: ["Device", "Schemes", "Credentials"]),
  ]
    + (embedded || core
      ? []
      : [
        .library(name: "Registry", targets: ["Registry", "Credentials", "CountersignCrypto"]),
        .library(name: "DeviceClient", targets: ["DeviceHost", "Device", "Schemes", "Credentials"]),
        .library(name: "RelayServer", targets: ["Relay", "Registry"]),
        .library(name: "Comparison", targets: ["Comparison"]),
        .executable(name: "countersign", targets: ["CountersignCLI"]),
      ]),
  dependencies: embedded || core
    ? []
    : [
      .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
      // AES-GCM where the processor has no AES instructions.
      .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
      .package(url: "https://github.com/apple/swift-collections", from: "1.1.0"),
      .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
      .package(url: "https://github.com/apple/swift-system", from: "1.8.0"),
      .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
      .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
      .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
  targets: deviceTargets + (embedded ? [] : coreTargets) + (embedded || core ? [] : hostTargets),
  swiftLanguageModes: [.v6]
)
