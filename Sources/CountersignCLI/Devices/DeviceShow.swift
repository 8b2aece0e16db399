// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Assembly
import CountersignCrypto
import Credentials
import Keyring
import Registry
import Schemes
import Wire

struct DeviceShow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show what the registry knows of a device, or print its certificate.",
    discussion: """
      Examples:
        countersign device show --dir fleet 00a0b1c2d3e4f506
        countersign device show --dir fleet 00a0b1c2d3e4f506 --pem > pump.pem
      """)

  @OptionGroup var authority: AuthorityOptions
  @OptionGroup var device: DeviceArgument
  @Flag(name: .long, help: "Print the certificate of the key in use, armoured, and nothing else.") var pem = false
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if pem && output.isJSON { throw ValidationError("--pem prints PEM: it excludes --output json.") }
  }

  private func show(_ device: SymmetricDevice, _ registry: SQLiteRegistry) throws {
    guard !pem else {
      throw Failure(
        .dataError, "device \(device.address) has no certificate",
        hint: "It has no key pair. Move it to one: countersign device migrate")
    }
    let orders = try registering { () throws(RegistryError) in try registry.orders(for: device.address) }
    let quarantine = try registering { () throws(RegistryError) in try registry.quarantine(of: device.address) }
    if output.isJSON {
      var entry = SymmetricEntry(device, quarantine: quarantine)
      entry.orders = orders.map(\.kind.rawValue)
      return try printJSON(entry)
    }
    print(
      """
      Device \(device.address): \(DeviceStatus.word(isRevoked: device.isRevoked, quarantine))
        scheme       \(device.current.scheme.name): the server knows its key, and reads its messages
        generation   \(device.generation)
      """)
    if let pending = device.pending {
      print("  next key     \(pending.scheme.name), generation \(pending.generation), not yet used")
    }
    if device.revokedThrough > 0 { print("  revoked      through generation \(device.revokedThrough)") }
    if let quarantine { print("  quarantine   \(quarantine)") }
    for order in orders {
      print(
        "  order        \(order.kind.rawValue)\(order.scheme.map { " to \($0.name)" } ?? ""), since \(utc(order.createdAt))"
      )
    }
    print("  floor        \(device.floor)")
    print("  since        \(utc(device.createdAt)), changed \(utc(device.changedAt))")
  }

  func run() throws {
    let registry = try authority.registry("device show")
    let found = try device.find(registry)
    guard case .key(let device) = found else {
      if case .symmetric(let device) = found { try show(device, registry) }
      return
    }
    if pem { return print(PEM(device.certificate).text, terminator: "") }
    let orders = try registering { () throws(RegistryError) in try registry.orders(for: device.address) }
    let quarantine = try registering { () throws(RegistryError) in try registry.quarantine(of: device.address) }
    if output.isJSON {
      var entry = DeviceEntry(device, quarantine: quarantine)
      entry.orders = orders.map(\.kind.rawValue)
      return try printJSON(entry)
    }
    let certificate = device.certificate
    print(
      """
      \(device.isApplication ? "Application" : "Device") \(device.address): \(DeviceStatus.word(isRevoked: device.isRevoked, quarantine))
        public key   \(hexadecimal(certificate.publicKey.bytes))
        generation   \(certificate.fields.generation), good through epoch \(certificate.fields.lastEpoch)
        \(certificate.identityCredential == nil ? "certificate " : "credential  ") \(PEM(certificate).content.count) bytes, issued by key \(hexadecimal(certificate.fields.issuer.rawValue))
      """)
    if certificate.identityCredential != nil { print("  issued       \(certificate.kindInWords)") }
    if let pending = device.pending {
      print(
        "  next key     \(hexadecimal(pending.publicKey.bytes)), generation \(pending.fields.generation), not yet used")
    }
    if device.revokedThrough == RevocationContent.everyGeneration {
      print("  revoked      for good")
    } else if device.revokedThrough > 0 {
      print("  revoked      through generation \(device.revokedThrough)")
    }
    if let quarantine { print("  quarantine   \(quarantine)") }
    for order in orders { print("  order        \(order.kind.rawValue), since \(utc(order.createdAt))") }
    print("  since        \(utc(device.createdAt)), changed \(utc(device.changedAt))")
  }
}
