// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Assembly
import CountersignCrypto
import Credentials
import Keyring
import Registry
import Wire

struct ApplicationAdd: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add",
    abstract: "Give an application its key, its certificate and its file.",
    discussion: """
      The first application of a system is its default: the one that devices report to when they name no other.

      Example: countersign application add --dir fleet meter --system 1 --out meter
      """)

  @OptionGroup var authority: AuthorityOptions
  @OptionGroup var passphrase: PassphraseOptions
  @Argument(help: "Its name: 1 to 63 of a-z 0-9 - and a letter first.") var name: String
  @Option(name: .long, help: ArgumentHelp("The system, by name or number.", valueName: "name")) var system: String
  @Option(
    name: .long,
    help: ArgumentHelp("The application's id, 16 hexadecimal digits; otherwise a random one.", valueName: "id"))
  var id: String?
  @Option(name: .long, help: ArgumentHelp("The file to write.", valueName: "path")) var out: String
  @Flag(name: .customLong("default"), help: "Make it the system's default in the place of another.") var asDefault =
    false
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if out == "-" { throw ValidationError("An application's file holds a private key: give --out FILE.") }
    if let id, DeviceID(argument: id) == nil { throw ValidationError("--id takes 16 hexadecimal digits.") }
  }

  func run() throws {
    let registry = try authority.registry("application add")
    let system = try registry.find(system: system)
    let issuer = try passphrase.unlock(try authority.directory(), registry).issuer
    let address = DeviceAddress(system: system.id, device: id.flatMap { DeviceID(argument: $0) } ?? .random())
    let certificate = try creating(out) { () throws(AssemblyError) in
      try SingleDevice.make(
        address, file: out, registry: registry, issuer: issuer,
        application: NewApplication(name: name, isDefault: asDefault))
    }
    let entry = try registering { () throws(RegistryError) in
      try registry.applications(in: system.id).first { $0.address == address }
    }
    if output.isJSON {
      return try printJSON(
        Result(
          application: address.device.description, name: name, system: system.id.rawValue,
          generation: certificate.fields.generation, lastEpoch: certificate.fields.lastEpoch,
          publicKey: hexadecimal(certificate.publicKey.bytes), isDefault: entry?.isDefault ?? false, file: out))
    }
    print(
      "Application \(name) of \(system.name), \(address.device): \(out)"
        + (entry?.isDefault == true ? "\nDevices of \(system.name) report to it by default." : ""))
  }

  private struct Result: Encodable {
    let application: String
    let name: String
    let system: UInt32
    let generation: Generation
    let lastEpoch: Epoch
    let publicKey: String
    let isDefault: Bool
    let file: String
  }
}
