// swift-tools-version: 6.3
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

let package = Package(
  name: "countersign-fuzz",
  dependencies: [.package(name: "countersign", path: "../..")],
  targets: [
    .target(name: "Driver"),
    .executableTarget(
      name: "Fuzz",
      dependencies: [
        "Driver",
        .product(name: "Device", package: "countersign"),
        .product(name: "Noise", package: "countersign"),
        .product(name: "CountersignCrypto", package: "countersign"),
      ],
      swiftSettings: [.enableExperimentalFeature("Lifetimes")]),
  ],
  swiftLanguageModes: [.v6]
)
