// SPDX-License-Identifier: Apache-2.0

import Credentials
import Files
import Foundation
import CountersignCrypto
import Keyring
import SystemPackage
import Wire

extension AuthorityDirectory {
  /// How the key file of a new authority is protected.
  public enum Sealing: Sendable {
    case passphrase(Passphrase, PasswordHash.Cost)
    /// Open to whoever reads the file: for development.
    case unsealed
  }

  /// Makes an authority: a new root, its key file, and a registry at epoch 1.
  ///
  /// Both files are made in a separate directory and then moved in, the registry first: the key file makes a directory an
  /// authority. After a crash there is no authority or a whole one; the next attempt clears what the crash left.
  ///
  /// - Parameter certificateEpochs: for how many epochs after the current one a certificate is good.
  /// - Throws: ``RegistryError/authorityExists(path:)`` when there is one or part of one.
  public func create(
    _ authority: Authority = .random(), sealing: Sealing, certificateEpochs: Epoch, actor: String
  ) throws(RegistryError) {
    let encoded =
      switch sealing {
      case .passphrase(let passphrase, let cost):
        try usingKeys(try KeyFile.seal(authority, passphrase: passphrase, cost: cost))
      case .unsealed: KeyFile.encodeUnsealed(authority)
      }
    var keyFile = encoded
    defer { wipe(&keyFile) }
    try usingFiles(try Directories.create(path))
    let lock = try lock()
    defer { withExtendedLifetime(lock) {} }
    try checkVacant()
    let workshop = AuthorityDirectory(path + "/.init")
    clear([workshop.path, registryPath, registryPath + "-wal", registryPath + "-shm"])
    try usingFiles(try Directories.create(workshop.path))
    defer { clear([workshop.path]) }

    try SQLiteRegistry.create(path: workshop.registryPath)
    do {
      let registry = try workshop.openRegistry(actor: actor)
      try registry.initialize(
        issuer: authority.issuer, serverKey: authority.serverKey.publicKey,
        masterKey: authority.identityMaster.publicKey, certificateEpochs: certificateEpochs)
      try registry.close()
    }
    try usingFiles(try SecretFile.create(workshop.keyFilePath, keyFile.bytes))
    try Self.move(workshop.registryPath, to: registryPath)
    try Self.move(workshop.keyFilePath, to: keyFilePath)
    try usingFiles(try Directories.synchronize(of: keyFilePath))
  }

  /// Checks that an authority can be made here: there is no key file, and no registry that anything depends on. A registry
  /// without systems and without a key is what a crash leaves between the two moves.
  ///
  /// - Throws: ``RegistryError/authorityExists(path:)``, or why the registry cannot be read.
  public func checkVacant() throws(RegistryError) {
    guard access(keyFilePath, F_OK) != 0 else { throw .authorityExists(path: path) }
    guard access(registryPath, F_OK) == 0 else { return }
    let registry = try openRegistry(actor: "init")
    let isUsed = try !registry.systems().isEmpty
    try registry.close()
    guard !isUsed else { throw .authorityExists(path: path) }
  }

  /// Keeps a second `init` out, so that neither clears the other's work.
  private func lock() throws(RegistryError) -> FileLock {
    do { return try FileLock(directory: path) } catch {
      throw error.reason == .inUse ? .authorityExists(path: path) : .file(error)
    }
  }

  private func clear(_ paths: [String]) {
    for path in paths { try? FileManager.default.removeItem(atPath: path) }
  }

  private static func move(_ source: String, to destination: String) throws(RegistryError) {
    do { try SecretFile.move(source, to: destination) } catch {
      throw error.code == .fileExists ? .authorityExists(path: Directories.name(of: destination)) : .file(error)
    }
  }
}
