// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Assembly
import Credentials
import Keyring
import Registry
import Wire

struct DeviceRevoke: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke",
    abstract: "Revoke a device's keys: its session is cut, its peers are told.",
    discussion: """
      Every generation issued so far is revoked. The device may come back with a new key (device add --enrol-again), unless \
      --for-good is given. Revoking it again with another --reason corrects the reason. --generation revokes up to an older key \
      and leaves the one in use alone.

      Examples:
        countersign device revoke --dir fleet 00a0b1c2d3e4f506 \\
          --reason key-compromise
        countersign device revoke --dir fleet 00a0b1c2d3e4f506 --for-good \\
          --statement revoked.pem
      """)

  @OptionGroup var authority: AuthorityOptions
  @OptionGroup var passphrase: PassphraseOptions
  @OptionGroup var device: DeviceArgument
  @Option(name: .long, help: "Why.") var reason = Reason.unspecified
  @Option(
    name: .long, parsing: .unconditional, help: "Revoke through this generation only.",
    transform: number(1...RevocationContent.everyGeneration - 1))
  var generation: Generation?
  @Flag(name: .long, help: "Revoke future keys too: the id is never used again.") var forGood = false
  @Option(
    name: .long,
    help: ArgumentHelp("Also write the signed statement, armoured, for offline verifiers.", valueName: "file"))
  var statement: String?
  @OptionGroup var output: OutputOptions

  enum Reason: String, ExpressibleByArgument, CaseIterable {
    case unspecified
    case keyCompromise = "key-compromise"
    case superseded
    case outOfService = "out-of-service"

    var value: RevocationReason {
      switch self {
      case .unspecified: .unspecified
      case .keyCompromise: .keyCompromise
      case .superseded: .superseded
      case .outOfService: .cessationOfOperation
      }
    }
  }

  private struct Result: Encodable {
    let device: String
    let system: UInt32
    let generation: Generation
    let reason: String
    let lastEpoch: Epoch
    let sequence: UInt32
    let statement: String
  }

  func validate() throws {
    if statement == "-" && output.isJSON {
      throw ValidationError("--statement - prints PEM; --output json has the statement too, in hexadecimal digits.")
    }
    if generation != nil && forGood { throw ValidationError("--generation and --for-good exclude each other.") }
  }

  func run() throws {
    let registry = try authority.registry("device revoke")
    let address = try device.find(registry).address
    let issuer = try passphrase.unlock(try authority.directory(), registry).issuer
    var file: OutputFile?
    if let statement { file = try OutputFile(creating: statement) }
    let signed = try registering { () throws(RegistryError) in
      try registry.revoke(
        address, through: forGood ? RevocationContent.everyGeneration : generation, reason: reason.value, issuer: issuer
      )
    }
    do throws(Failure) { try file?.write(Array(PEM(.revocationStatement, encoded(signed)).text.utf8)) } catch {
      throw Failure(
        error.status, "the device is revoked, but \(error.message)",
        hint: "Run the command again with another --statement: it revokes nothing more, and writes it.")
    }
    let content = signed.content
    if output.isJSON {
      try printJSON(
        Result(
          device: address.device.description, system: address.system.rawValue, generation: content.generation,
          reason: content.reason.argument, lastEpoch: content.lastEpoch, sequence: content.sequence,
          statement: hexadecimal(signed)))
    } else if statement != "-" {
      let through =
        content.generation == RevocationContent.everyGeneration
        ? "for good" : "through generation \(content.generation)"
      print(
        "Device \(address) is revoked \(through) (revocation \(content.sequence), \(content.reason.argument)).")
    }
  }
}

extension RevocationReason {
  /// As the command line spells it.
  var argument: String { DeviceRevoke.Reason.allCases.first { $0.value == self }?.rawValue ?? "\(rawValue)" }
}
