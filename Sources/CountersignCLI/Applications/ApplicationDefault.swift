// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Registry
import Wire

struct ApplicationDefault: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "default", abstract: "Say which application a system's devices report to when they name none.",
    discussion: """
      Example: countersign application default --dir fleet meter
      """)

  @OptionGroup var authority: AuthorityOptions
  @OptionGroup var application: ApplicationArgument

  func run() throws {
    let registry = try authority.registry("application default")
    let found = try application.find(registry)
    try registering { () throws(RegistryError) in try registry.makeDefault(found.address) }
    print("Devices of system \(found.address.system.rawValue) report to \(found.name) by default.")
  }
}

struct ApplicationKeep: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "keep", abstract: "Keep messages that an application has done, so that they can be delivered again.",
    discussion: """
      They count against the queue like those that wait. With 0, the default, nothing is kept.

      Example: countersign application keep --dir fleet meter --days 7
      """)

  @OptionGroup var authority: AuthorityOptions
  @OptionGroup var application: ApplicationArgument
  @Option(
    name: .long, parsing: .unconditional, help: "For how many days; 0 for not at all.", transform: number(0...365))
  var days: Int64

  func run() throws {
    let registry = try authority.registry("application keep")
    let found = try application.find(registry)
    try registering { () throws(RegistryError) in try registry.keepDone(days * 86_400, of: found.address) }
    print(
      days == 0
        ? "Messages that \(found.name) has done are not kept."
        : "Messages that \(found.name) has done are kept \(days) days.")
  }
}
