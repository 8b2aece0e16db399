// swift-tools-version: 6.3
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

/// A stranger's package that takes Noise, beside swift-crypto.
let package = Package(
  name: "NoiseConsumer",
  dependencies: [
    .package(name: "countersign", path: "../../.."),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
  ],
  targets: [
    .executableTarget(
      name: "NoiseConsumer",
      dependencies: [
        .product(name: "Noise", package: "countersign"), .product(name: "CountersignCrypto", package: "countersign"),
        .product(name: "Crypto", package: "swift-crypto"),
      ])
  ],
  swiftLanguageModes: [.v6]
)
