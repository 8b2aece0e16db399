// swift-tools-version: 6.3
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

/// A stranger's package that runs a server and two devices in one program.
let package = Package(
  name: "MessagingConsumer",
  dependencies: [
    .package(name: "countersign", path: "../../.."),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
  ],
  targets: [
    .executableTarget(
      name: "MessagingConsumer",
      dependencies: [
        .product(name: "DeviceClient", package: "countersign"), .product(name: "Registry", package: "countersign"),
        .product(name: "RelayServer", package: "countersign"), .product(name: "Logging", package: "swift-log"),
      ])
  ],
  swiftLanguageModes: [.v6]
)
