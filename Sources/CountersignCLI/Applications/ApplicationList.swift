// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Credentials
import Registry
import Wire

struct ApplicationList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List applications, one a line; with --output json one object a line.",
    discussion: """
      Example: countersign application list --dir fleet --system waterworks
      """)

  @OptionGroup var authority: AuthorityOptions
  @Option(name: .long, help: ArgumentHelp("Only this system, by name or number.", valueName: "name")) var system:
    String?
  @OptionGroup var output: OutputOptions

  private struct Entry: Encodable {
    let application: String
    let name: String
    let system: UInt32
    let status: String
    let generation: Generation
    let isDefault: Bool
    let keepDone: Int64
  }

  func run() throws {
    let registry = try authority.registry("application list")
    let system = try system.map { try registry.find(system: $0).id }
    let (applications, quarantines) = try registering { () throws(RegistryError) in
      (try registry.applications(in: system), try registry.quarantines())
    }
    for application in applications {
      let device = application.device
      let status = DeviceStatus.word(isRevoked: device.isRevoked, quarantines[device.address])
      if output.isJSON {
        try printJSON(
          Entry(
            application: device.address.device.description, name: application.name,
            system: device.address.system.rawValue, status: status, generation: device.generation,
            isDefault: application.isDefault, keepDone: application.keepsDone))
      } else {
        printLine(
          "\(application.name)\t\(device.address)\tgeneration \(device.generation)\t\(status)"
            + (application.isDefault ? ", default" : ""))
      }
    }
  }
}
