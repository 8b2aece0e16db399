// swift-tools-version: 6.3
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

let package = Package(
  name: "threshold-benchmark",
  dependencies: [.package(name: "countersign", path: "../..")],
  targets: [
    .executableTarget(
      name: "ThresholdBenchmark",
      dependencies: [.product(name: "ThresholdSigning", package: "countersign")],
      swiftSettings: [.enableExperimentalFeature("Lifetimes")])
  ],
  swiftLanguageModes: [.v6]
)
