// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Credentials
import Keyring
import Registry

struct ApplicationRemove: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove", abstract: "Revoke an application for good and free its name.",
    discussion: """
      Its sessions end, devices are told, and what waits in its queue is dropped when it expires.

      Example: countersign application remove --dir fleet meter
      """)

  @OptionGroup var authority: AuthorityOptions
  @OptionGroup var passphrase: PassphraseOptions
  @OptionGroup var application: ApplicationArgument

  func run() throws {
    let registry = try authority.registry("application remove")
    let found = try application.find(registry)
    let issuer = try passphrase.unlock(try authority.directory(), registry).issuer
    let statement = try registering { () throws(RegistryError) in
      try registry.removeApplication(found.address, issuer: issuer)
    }
    print("Application \(found.name) is revoked for good (revocation \(statement.content.sequence)).")
    if found.isDefault {
      print("Its system has no default application now. See: countersign application default --help")
    }
  }
}
