// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Credentials
import Foundation
import Keyring
import Registry

/// `--dir`, on every command that works on an authority.
struct AuthorityOptions: ParsableArguments {
  @Option(name: .long, help: ArgumentHelp("The authority's directory (or COUNTERSIGN_DIR).", valueName: "dir"))
  var dir: String?

  var isGiven: Bool { dir != nil || environment("COUNTERSIGN_DIR") != nil }

  func directory() throws(Failure) -> AuthorityDirectory {
    guard var path = dir ?? environment("COUNTERSIGN_DIR") else {
      throw Failure(.usage, "which authority?", hint: "Give --dir DIR, or set COUNTERSIGN_DIR.")
    }
    while path.count > 1 && path.hasSuffix("/") { path.removeLast() }
    return AuthorityDirectory(path)
  }

  /// Opens the registry, which needs no passphrase.
  func registry(_ command: String) throws(Failure) -> SQLiteRegistry {
    let directory = try directory()
    return try registering { () throws(RegistryError) in
      try directory.openRegistry(actor: actor(command))
    }
  }
}

/// Where the passphrase of the key file comes from. Never from the arguments, which everybody on the machine can read.
struct PassphraseOptions: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp(
      "A file that holds the passphrase, or - (or COUNTERSIGN_PASSPHRASE_FILE); otherwise you are asked.",
      valueName: "file"))
  var passphraseFile: String?

  @Option(
    name: .long, parsing: .unconditional,
    help: ArgumentHelp("An open descriptor to read the passphrase from.", valueName: "number"),
    transform: number(0...))
  var passphraseFd: Int32?

  func validate() throws {
    if passphraseFile != nil && passphraseFd != nil {
      throw ValidationError("--passphrase-file and --passphrase-fd exclude each other.")
    }
  }

  /// Whether it is available without asking a person.
  var isGiven: Bool {
    passphraseFd != nil || passphraseFile != nil || environment("COUNTERSIGN_PASSPHRASE_FILE") != nil
  }

  /// Opens the authority's keys, asking for the passphrase only when the key file is sealed.
  func unlock(
    _ directory: AuthorityDirectory, _ registry: SQLiteRegistry, acceptingRestored: Bool = false
  ) throws(Failure) -> Authority {
    let file = try registering { () throws(RegistryError) in try directory.keyFile() }
    let passphrase = file.protection == .passphrase ? try passphrase() : nil
    let authority = try registering { () throws(RegistryError) in
      try directory.unlock(registry, passphrase: passphrase, acceptingRestored: acceptingRestored)
    }
    warnOfUnlockedMemory()
    return authority
  }

  /// - Parameter isNew: whether it is chosen now, so that a person types it twice.
  func passphrase(isNew: Bool = false) throws(Failure) -> Passphrase {
    if let passphraseFd { return try PassphraseSource.read(descriptor: passphraseFd, name: "the descriptor") }
    if let path = passphraseFile ?? environment("COUNTERSIGN_PASSPHRASE_FILE") {
      return try PassphraseSource.read(file: path)
    }
    return try PassphraseSource.ask(isNew: isNew)
  }
}
