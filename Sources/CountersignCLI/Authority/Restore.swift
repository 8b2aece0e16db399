// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Credentials
import Keyring
import Registry
import Wire

/// `countersign restore`: puts a backup in the place of the registry, and the log that a crash left out of its way.
struct Restore: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore",
    abstract: "Put a backup in the place of the registry.",
    discussion: """
      Stop the server first. The backup is checked, copied and left as it is; the old registry is kept beside the new one, as \
      registry.sqlite.replaced. Do not copy a backup over the registry by hand: the log of the old registry would be written \
      into it.

      What happened since the backup is lost. Where this directory has seen it, nothing signs until you have accepted that: \
      countersign accept-restored.

      Example: countersign restore --dir fleet --from fleet-monday.sqlite
      """)

  @OptionGroup var authority: AuthorityOptions
  @Option(name: .long, help: ArgumentHelp("A file from `countersign backup`.", valueName: "file")) var from: String
  @OptionGroup var output: OutputOptions

  private struct Result: Encodable {
    let devices: Int
    let revocationSequence: UInt32
    let epoch: Epoch
    let replaced: String?
    let isBehind: Bool
  }

  func run() throws {
    let directory = try authority.directory()
    let restored = try registering { () throws(RegistryError) in
      try directory.restoreRegistry(from: from, actor: actor("restore"))
    }
    let isBehind = try isBehind(directory)
    if output.isJSON {
      return try printJSON(
        Result(
          devices: restored.devices, revocationSequence: restored.revocationSequence, epoch: restored.epoch,
          replaced: restored.replaced, isBehind: isBehind))
    }
    print(
      "\(restored.devices) devices and \(restored.revocationSequence) revocations and changes of keys, at epoch \(restored.epoch)."
    )
    if let replaced = restored.replaced { print("The old registry is \(replaced).") }
    print(
      isBehind
        ? "It is older than what was seen here. Accept what is lost: countersign accept-restored --dir \(directory.path)"
        : "Check it: countersign doctor --dir \(directory.path) --certificates")
  }

  private func isBehind(_ directory: AuthorityDirectory) throws(Failure) -> Bool {
    do throws(RegistryError) {
      let registry = try directory.openRegistry(actor: actor("restore"))
      try registry.checkAgainstWitness()
      try registry.close()
      return false
    } catch {
      switch error {
      case .behindWitness, .contradictsWitness: return true
      default: throw Failure(error)
      }
    }
  }
}
