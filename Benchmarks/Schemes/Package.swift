// swift-tools-version: 6.3
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

let package = Package(
  name: "scheme-benchmark",
  dependencies: [
    .package(name: "countersign", path: "../.."),
    // Without its traits: jemalloc's counts are read from a wrapper of ours instead.
    .package(url: "https://github.com/ordo-one/benchmark", exact: "1.38.1", traits: []),
  ],
  targets: [
    .systemLibrary(name: "CSodiumBare", path: "Sources/CSodiumBare", pkgConfig: "libsodium"),
    .target(name: "AllocationCounter"),
    .executableTarget(
      name: "SchemeBenchmark",
      dependencies: [
        "AllocationCounter", "CSodiumBare",
        .product(name: "Benchmark", package: "benchmark"),
        .product(name: "Comparison", package: "countersign"),
        .product(name: "Device", package: "countersign"),
        .product(name: "Noise", package: "countersign"),
        .product(name: "CountersignCrypto", package: "countersign"),
        .product(name: "Registry", package: "countersign"),
      ],
      path: "Benchmarks/SchemeBenchmark",
      swiftSettings: [.enableExperimentalFeature("Lifetimes")],
      plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]),
  ],
  swiftLanguageModes: [.v6]
)
