// swift-tools-version: 6.3
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

let package = Package(
  name: "identity-benchmark",
  dependencies: [.package(name: "countersign", path: "../..")],
  targets: [
    .executableTarget(
      name: "IdentityBenchmark",
      dependencies: [
        .product(name: "Device", package: "countersign"),
        .product(name: "CountersignCrypto", package: "countersign"),
      ],
      swiftSettings: [.enableExperimentalFeature("Lifetimes")])
  ],
  swiftLanguageModes: [.v6]
)
