// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Credentials
import Foundation
import CountersignCrypto
import Keyring
import Registry
import Wire

struct Init: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "Make an authority: its one key and an empty registry.",
    discussion: """
      Every key of the server is derived from 32 random bytes, which are sealed under a passphrase in DIR/authority.key. \
      Keep a copy of that file and the passphrase in a safe place: whoever has both is the authority.

      Examples:
        countersign init --dir fleet
        countersign init --dir fleet --passphrase-file /run/secrets/countersign
        countersign init --dir fleet --unsealed

      The last one is for development only.
      """)

  enum Cost: String, ExpressibleByArgument, CaseIterable {
    case interactive, moderate, sensitive

    var value: PasswordHash.Cost {
      switch self {
      case .interactive: .interactive
      case .moderate: .moderate
      case .sensitive: .sensitive
      }
    }
  }

  @OptionGroup var authority: AuthorityOptions
  @OptionGroup var passphrase: PassphraseOptions

  @Flag(name: .long, help: "Do not seal the key file: for development.")
  var unsealed = false

  @Option(name: .long, help: "What each guess of the passphrase costs: 64 MiB, 256 MiB or 1 GiB of memory.")
  var cost = Cost.moderate

  @Option(
    name: .long, parsing: .unconditional,
    help: "For how many epochs after the current one a certificate is good. (default: 8)",
    transform: number(0...Epoch.max))
  var certificateEpochs: Epoch = 8

  @OptionGroup var output: OutputOptions

  private struct Result: Encodable {
    let dir: String
    let sealed: Bool
    let issuerKey: String
    let issuerKeyId: String
    let serverKey: String
    let masterKey: String
    let epoch: Epoch
    let certificateEpochs: Epoch
  }

  func validate() throws {
    if unsealed && (passphrase.passphraseFile != nil || passphrase.passphraseFd != nil) {
      throw ValidationError("--unsealed takes no passphrase.")
    }
  }

  func run() throws {
    let directory = try authority.directory()
    // Before a person types a passphrase twice.
    try registering { () throws(RegistryError) in try directory.checkVacant() }
    let sealing =
      unsealed ? AuthorityDirectory.Sealing.unsealed : .passphrase(try passphrase.passphrase(isNew: true), cost.value)
    let made = Authority.random()
    try registering { () throws(RegistryError) in
      try directory.create(
        made, sealing: sealing, certificateEpochs: certificateEpochs, actor: actor("init"))
    }
    let issuerKey = made.issuerKey
    let serverKey = made.serverKey.publicKey
    let masterKey = made.identityMaster.publicKey.bytes
    let result = Result(
      dir: directory.path, sealed: !unsealed, issuerKey: hexadecimal(issuerKey.bytes),
      issuerKeyId: hexadecimal(made.issuer.keyID.rawValue), serverKey: hexadecimal(serverKey.bytes),
      masterKey: hexadecimal(masterKey.bytes),
      epoch: 1, certificateEpochs: certificateEpochs)
    if output.isJSON { return try printJSON(result) }
    print(
      """
      An authority in \(directory.path), at epoch 1.
        issuer key  \(result.issuerKey)  (id \(result.issuerKeyId))
        server key  \(result.serverKey)
        master key  \(result.masterKey)  (identity-based credentials)
      """)
    print(
      unsealed
        ? "The key file is not sealed: for development only."
        : "The key file is sealed. Back it up with its passphrase.")
    print("Next: countersign system add --dir \(directory.path) NAME")
  }
}
