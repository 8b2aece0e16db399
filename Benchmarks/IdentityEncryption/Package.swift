// swift-tools-version: 6.3
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

let package = Package(
  name: "identity-encryption-benchmark",
  dependencies: [.package(name: "countersign", path: "../..", traits: ["IdentityEncryption"])],
  targets: [
    .executableTarget(
      name: "IdentityEncryptionBenchmark",
      dependencies: [
        .product(name: "IdentityEncryption", package: "countersign"),
        .product(name: "CountersignCrypto", package: "countersign"),
      ],
      swiftSettings: [.enableExperimentalFeature("Lifetimes")])
  ],
  swiftLanguageModes: [.v6]
)
