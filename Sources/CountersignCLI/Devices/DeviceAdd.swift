// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Assembly
import Credentials
import DeviceHost
import Foundation
import CountersignCrypto
import Keyring
import Registry
import Schemes
import Wire

struct DeviceAdd: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add",
    abstract: "Give a device its key and certificate, or thousands of them.",
    discussion: """
      Without --public-key the key is made here and --out becomes the device file: key, certificate, the server's key and the \
      epoch. With it, the device has made its own key, and --out becomes its certificate.

      --batch reads a CSV whose header names the column id and, if devices make their own keys, public_key; other columns are \
      copied to the manifest. To continue an interrupted batch, run it again.

      A device that comes from another server has a key already: with the schemes derived-key and derived-key-ephemeral, --key-file, \
      or the column secret_key of a table that is readable by its owner alone, makes that its key here. One key for the whole system \
      is imported once: countersign system import-key.

      --scheme says how the device proves itself to the server. With shared-key and the derived-key schemes it has no key pair, \
      only a key that the server can compute: the server then reads every message that the device sends or gets.

      Examples:
        countersign device add --dir fleet --system waterworks --out pump.device
        countersign device add --dir fleet --system waterworks \\
          --id 00a0b1c2d3e4f506 --out pump.device
        countersign device add --dir fleet --system waterworks --scheme derived-key \\
          --out pump.device
        countersign device add --dir fleet --system waterworks --public-key KEY \\
          --out pump.pem
        countersign device add --dir fleet --system waterworks --batch line-7.csv \\
          --out line-7
        countersign device add --dir fleet --system waterworks \\
          --credential identity-based --out pump.device
      """)

  @OptionGroup var authority: AuthorityOptions
  @OptionGroup var passphrase: PassphraseOptions

  @Option(name: .long, help: ArgumentHelp("The system, by name or number.", valueName: "name"))
  var system: String

  @Option(
    name: .long, help: ArgumentHelp("The device's id, 16 hexadecimal digits; otherwise a random one.", valueName: "id"))
  var id: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "A public key that the device made: 64 hexadecimal digits, or - for standard input.", valueName: "key"))
  var publicKey: String?

  @Option(name: .customLong("scheme"), help: "How the device proves itself; certified by default.")
  var chosenScheme: SchemeID?

  /// Not the option's own default, which the help would show as a raw value.
  var scheme: SchemeID { chosenScheme ?? .certified }

  @Option(
    name: .long,
    help: ArgumentHelp(
      "A file with the key that the device has already: 64 hexadecimal digits, readable by its owner alone.",
      valueName: "file"))
  var keyFile: String?

  @Flag(name: .long, help: "The device was revoked and is back at the bench: give it its next generation.")
  var enrolAgain = false

  @Option(name: .long, help: ArgumentHelp("A CSV of devices, or - for standard input.", valueName: "csv"))
  var batch: String?

  @Option(
    name: .long, help: ArgumentHelp("Where to write the batch's list: CSV, or JSON if it ends so.", valueName: "file"))
  var manifest: String?

  @Option(name: .long, help: ArgumentHelp("The file, or with --batch the directory, to write.", valueName: "path"))
  var out: String

  @OptionGroup var credential: CredentialOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if publicKey != nil && credential.flavour != nil {
      throw ValidationError("--public-key goes with certificates; a device with an identity-based one gives --request.")
    }
    if batch != nil && credential.request != nil { throw ValidationError("--batch excludes --request.") }
    if batch != nil && (id != nil || publicKey != nil || enrolAgain) {
      throw ValidationError("--batch excludes --id, --public-key and --enrol-again.")
    }
    if scheme != .certified && publicKey != nil { throw ValidationError("--scheme excludes --public-key.") }
    if scheme == .identityBased { throw ValidationError("It is a kind of credential: --credential identity-based.") }
    if scheme != .certified && credential.flavour != nil {
      throw ValidationError("--credential identity-based excludes --scheme.")
    }
    if !scheme.row.isOrdered { throw ValidationError("--scheme \(scheme.name) cannot be given to a device here.") }
    if enrolAgain && scheme.isSymmetric { throw ValidationError("--enrol-again gives a key pair: leave out --scheme.") }
    if keyFile != nil && (batch != nil || !scheme.isSymmetric || scheme.row.derivation != .device) {
      throw ValidationError("--key-file goes with --scheme derived-key or derived-key-ephemeral, and with one device.")
    }
    if manifest != nil && batch == nil { throw ValidationError("--manifest goes with --batch.") }
    if out == "-" && output.isJSON { throw ValidationError("--out - prints PEM; for JSON name a file.") }
    if enrolAgain && id == nil { throw ValidationError("--enrol-again needs --id.") }
    if let id, DeviceID(argument: id) == nil { throw ValidationError("--id takes 16 hexadecimal digits.") }
  }

  func run() throws {
    let registry = try authority.registry("device add")
    let system = try registry.find(system: system)
    let keys = try passphrase.unlock(try authority.directory(), registry)
    if let batch {
      try DeviceBatch(
        registry: registry, issuer: keys.issuer, system: system, csv: batch, out: out, manifest: manifest,
        scheme: scheme, authority: keys, identityBased: credential.flavour.map { ($0, keys) }
      )
      .run(output)
    } else if scheme.isSymmetric {
      try addSymmetric(to: system, registry, keys)
    } else {
      try addOne(to: system, registry, keys)
    }
  }

  private func addOne(to system: RegisteredSystem, _ registry: SQLiteRegistry, _ keys: Authority) throws {
    let issuer = keys.issuer
    let address = DeviceAddress(system: system.id, device: id.flatMap { DeviceID(argument: $0) } ?? .random())
    let certificate: Certificate
    if let publicKey {
      certificate = try certify(try Self.key(publicKey), address, registry, issuer)
    } else if let point = try credential.point() {
      certificate = try answer(point, address, registry, keys)
    } else {
      guard out != "-" else { throw Failure(.usage, "a device file holds a private key", hint: "Give --out FILE.") }
      if let flavour = credential.flavour {
        certificate = try creating(out) { () throws(AssemblyError) in
          try IdentityAssembly.make(
            address, flavour, file: out, registry: registry, authority: keys, enrolAgain: enrolAgain)
        }
        return try show(certificate, system)
      }
      certificate = try creating(out) { () throws(AssemblyError) in
        if scheme.row.hasKeyBeside {
          try SymmetricAssembly.makePSK(address, file: DeviceClient.pskPath(for: out), registry, keys)
        }
        return try SingleDevice.make(
          address, file: out, scheme: scheme, registry: registry, issuer: issuer, enrolAgain: enrolAgain)
      }
    }
    try show(certificate, system)
  }

  private func show(_ certificate: Certificate, _ system: RegisteredSystem) throws {
    guard out != "-" else { return }
    let fields = certificate.fields
    if output.isJSON {
      return try printJSON(
        Result(
          device: fields.device.description, system: system.id.rawValue, generation: fields.generation,
          lastEpoch: fields.lastEpoch, publicKey: hexadecimal(certificate.publicKey.bytes), file: out,
          issuance: certificate.identityCredential.map { "\($0.issuance)" }))
    }
    print("Device \(fields.device) of \(system.name), generation \(fields.generation): \(out)")
    if certificate.identityCredential != nil { print("Credential: \(certificate.kindInWords).") }
  }

  /// Answers a device that has drawn its own secret; the same call again gives the same answer.
  private func answer(
    _ point: Bytes<32>, _ address: DeviceAddress, _ registry: SQLiteRegistry, _ authority: Authority
  ) throws(Failure) -> Certificate {
    var file = try OutputFile(creating: out)
    let issued = try registering { () throws(RegistryError) in
      try IdentityAssembly.answer(
        point, for: address, registry: registry, authority: authority, enrolAgain: enrolAgain)
    }
    guard let answer = issued.answer else { throw Failure(RegistryError.deviceExists(address)) }
    try file.write(Array(PEM(answer).text.utf8))
    return issued.certificate
  }

  private func addSymmetric(to system: RegisteredSystem, _ registry: SQLiteRegistry, _ keys: Authority) throws {
    let address = DeviceAddress(system: system.id, device: id.flatMap { DeviceID(argument: $0) } ?? .random())
    guard out != "-" else { throw Failure(.usage, "a device file holds a key", hint: "Give --out FILE.") }
    var known: [UInt8]?
    if let keyFile {
      let key = try HexadecimalSecret.read(own: keyFile)
      known = [UInt8](copying: key.bytes)
    }
    defer { if known != nil { wipe(&known!) } }
    let device = try creating(out) { () throws(AssemblyError) in
      try SymmetricAssembly.make(address, scheme: scheme, key: known, file: out, registry, keys)
    }
    if output.isJSON {
      struct SymmetricResult: Encodable {
        let device: String
        let system: UInt32
        let scheme: String
        let generation: Generation
        let endToEnd: Bool
        let file: String
      }
      try printJSON(
        SymmetricResult(
          device: address.device.description, system: system.id.rawValue, scheme: scheme.name,
          generation: device.generation, endToEnd: false, file: out))
    } else {
      print(
        "Device \(address.device) of \(system.name), \(scheme.name), generation \(device.generation): \(out)\n"
          + "The server knows its key, and reads its messages.")
    }
  }

  private struct Result: Encodable {
    let device: String
    let system: UInt32
    let generation: Generation
    let lastEpoch: Epoch
    let publicKey: String
    let file: String
    var issuance: String?
  }

  /// Certifies a key of the device's own making; the same call again gives the same certificate.
  private func certify(
    _ key: X25519.PublicKey, _ address: DeviceAddress, _ registry: SQLiteRegistry, _ issuer: AuthorityIssuer
  ) throws(Failure) -> Certificate {
    var file = try OutputFile(creating: out)
    let certificate = try registering { () throws(RegistryError) in
      if let known = try registry.device(address), known.certificate.publicKey == key { return known.certificate }
      let device = NewDevice(address: address, publicKey: key)
      return enrolAgain
        ? try registry.enrolAgain(device, issuer: issuer) : try registry.addDevice(device, issuer: issuer)
    }
    try file.write(Array(PEM(certificate).text.utf8))
    return certificate
  }

  private static func key(_ text: String) throws(Failure) -> X25519.PublicKey {
    let text =
      text == "-"
      ? String(decoding: try readInput("-"), as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines) : text
    guard let raw = bytes(hexadecimal: text), let key = try? X25519.PublicKey(copying: raw.bytes) else {
      throw Failure(.dataError, "the public key is not 64 hexadecimal digits")
    }
    return key
  }
}

extension DeviceID {
  static func random() -> DeviceID { DeviceID(.random(in: 1...UInt64.max)) }
}
