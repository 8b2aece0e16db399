// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "memory-scan",
  dependencies: [.package(name: "countersign", path: "../..")],
  targets: [
    .target(name: "Seeded"),
    .executableTarget(
      name: "Subject",
      dependencies: [
        "Seeded",
        .product(name: "Noise", package: "countersign"),
        .product(name: "Primitives", package: "countersign"),
      ],
      swiftSettings: [.enableExperimentalFeature("Lifetimes")],
      // As the product is linked: a function that the dynamic linker looks up only when it is called has all vector registers
      // put on the stack, with what the last copy of a hash state left in them.
      linkerSettings: [.unsafeFlags(["-Xlinker", "-z", "-Xlinker", "now"])]),
  ],
  swiftLanguageModes: [.v6]
)
