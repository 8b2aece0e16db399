// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Credentials
import Keyring
import Registry
import Wire

/// `countersign system`: the customers' systems.
struct SystemCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "system",
    abstract: "Add and list systems: devices of one system cannot address or verify into another.",
    discussion: """
      Examples:
        countersign system add --dir fleet waterworks
        countersign system list --dir fleet
      """,
    subcommands: [SystemAdd.self, SystemList.self, SystemImportKey.self])
}

struct SystemAdd: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add", abstract: "Add a system.",
    discussion: """
      Example: countersign system add --dir fleet waterworks
      """)

  @OptionGroup var authority: AuthorityOptions
  @Argument(help: "Its name: 1 to 64 of a-z A-Z 0-9 . _ -") var name: String
  @OptionGroup var output: OutputOptions

  func run() throws {
    let registry = try authority.registry("system add")
    let system = try registering { () throws(RegistryError) in try registry.addSystem(named: name) }
    if output.isJSON {
      try printJSON(SystemEntry(id: system.id.rawValue, name: system.name, devices: 0, createdAt: system.createdAt))
    } else {
      print("System \(system.name) has number \(system.id.rawValue).")
    }
  }
}

struct SystemList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the systems and how many devices each has.",
    discussion: """
      Example: countersign system list --dir fleet --output json
      """)

  @OptionGroup var authority: AuthorityOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let registry = try authority.registry("system list")
    let entries = try registering { () throws(RegistryError) in
      var entries = [SystemEntry]()
      for system in try registry.systems() {
        let count = try registry.deviceCount(in: system.id)
        entries.append(
          SystemEntry(id: system.id.rawValue, name: system.name, devices: count, createdAt: system.createdAt))
      }
      return entries
    }
    if output.isJSON { return try printJSON(entries) }
    for entry in entries { print("\(entry.id)\t\(entry.name)\t\(entry.devices) devices") }
  }
}

private struct SystemEntry: Encodable {
  let id: UInt32
  let name: String
  let devices: Int
  let createdAt: Int64
}
