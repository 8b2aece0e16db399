// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Credentials
import Foundation
import Keyring
import Mailbox
import Registry
import Relay
import Wire

/// `countersign accept-restored`: after a restore, says what was lost and lets the server start again.
struct AcceptRestored: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "accept-restored",
    abstract: "Accept a registry that was restored from a backup.",
    discussion: """
      The directory records how far its registry had come (registry.witness), and nothing that signs works with an older one: a \
      revocation would be forgotten, and nobody would know. This command says what is missing, continues the epoch and the \
      revocation numbers from where devices have seen them, and records that you accepted. Revoke again what had been revoked \
      since the backup.

      Example: countersign accept-restored --dir fleet
      """)

  @OptionGroup var authority: AuthorityOptions
  @OptionGroup var passphrase: PassphraseOptions
  @OptionGroup var output: OutputOptions

  private struct Result: Encodable {
    let missingChanges: Int64
    let missingRevocations: Int
    let epoch: Epoch
  }

  /// What the registry has forgotten may be why a session should not be woken; devices open a session and suspend it anew.
  private func endSuspendedSessions() throws {
    let path = try authority.directory().path + "/mailbox.sqlite"
    guard FileManager.default.fileExists(atPath: path) else { return }
    do throws(MailboxError) {
      let mailbox = try SQLiteMailbox(path: path, limits: MailboxLimits())
      try mailbox.transaction { mail throws(MailboxError) in try mail.removeAllSuspended() }
      try mailbox.close()
    } catch { throw Failure(RelayError.mailbox(error)) }
  }

  func run() throws {
    let registry = try authority.registry("accept-restored")
    let keys = try passphrase.unlock(try authority.directory(), registry, acceptingRestored: true)
    let result = try registering { () throws(RegistryError) -> Result? in
      let before = try registry.state()
      let last = try registry.lastChange()
      guard let seen = try registry.acceptRestored(issuer: keys.issuer) else { return nil }
      return Result(
        missingChanges: max(seen.auditSequence - last, 0),
        missingRevocations: max(Int(seen.revocationSequence) - Int(before.revocationSequence), 0),
        epoch: try registry.state().epoch)
    }
    try endSuspendedSessions()
    guard let result else {
      throw Failure(.configuration, "nothing was witnessed in this directory", hint: "There is nothing to accept.")
    }
    if output.isJSON { return try printJSON(result) }
    print(
      "\(result.missingChanges) changes are missing, \(result.missingRevocations) revocations or changes of keys among them. Epoch \(result.epoch)."
    )
    if result.missingRevocations > 0 {
      print("Revoke again what had been revoked since the backup: until then the server lets it in.")
    }
  }
}
