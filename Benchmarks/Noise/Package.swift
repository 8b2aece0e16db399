// swift-tools-version: 6.3
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

let package = Package(
  name: "noise-benchmark",
  dependencies: [.package(name: "countersign", path: "../..")],
  targets: [
    .systemLibrary(name: "CSodiumBare", path: "Sources/CSodiumBare", pkgConfig: "libsodium"),
    .target(name: "Bare", dependencies: ["CSodiumBare"], cSettings: [.unsafeFlags(["-O2"])]),
    .executableTarget(
      name: "NoiseBenchmark",
      dependencies: [
        "Bare",
        .product(name: "Noise", package: "countersign"),
        .product(name: "CountersignCrypto", package: "countersign"),
      ],
      swiftSettings: [.enableExperimentalFeature("Lifetimes")]),
  ],
  swiftLanguageModes: [.v6]
)
