import Credentials
import Foundation
import Primitives

extension AuthorityDirectory {
  /// How the key file of a new authority is protected.
  public enum Sealing: Sendable {
    case passphrase(Passphrase, PasswordHash.Cost)
    /// Open to whoever reads the file: for development.
    case unsealed
  }

  /// Makes an authority: a new root, its key file, and a registry at epoch 1.
  ///
  /// Both files are made in a directory of their own and then moved in, the registry first: the key file is what makes a
  /// directory an authority, so that after a crash there is none or a whole one.
  ///
  /// - Parameter certificateEpochs: for how many epochs after the current one a certificate is good.
  /// - Throws: ``RegistryError/authorityExists(path:)`` when there is one or part of one.
  public func create(
    _ authority: Authority = .random(), sealing: Sealing, certificateEpochs: Epoch, actor: String
  ) throws(RegistryError) {
    let encoded =
      switch sealing {
      case .passphrase(let passphrase, let cost): try KeyFile.seal(authority, passphrase: passphrase, cost: cost)
      case .unsealed: KeyFile.encodeUnsealed(authority)
      }
    var keyFile = encoded
    defer { SecretFileIO.wipe(&keyFile) }
    guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw .file(path: path, errno: errno) }
    try checkVacant()
    let workshop = AuthorityDirectory(path + "/.init-\(getpid())")
    guard mkdir(workshop.path, 0o700) == 0 else { throw .file(path: workshop.path, errno: errno) }
    defer { try? FileManager.default.removeItem(atPath: workshop.path) }

    try SQLiteRegistry.create(path: workshop.registryPath)
    do {
      let registry = try workshop.openRegistry(actor: actor)
      try registry.initialize(
        issuer: authority.issuer, serverKey: authority.serverKey.publicKey, certificateEpochs: certificateEpochs)
      try registry.close()
    }
    try SecretFileIO.create(workshop.keyFilePath, keyFile.bytes)
    try Self.move(workshop.registryPath, to: registryPath)
    try Self.move(workshop.keyFilePath, to: keyFilePath)
    try SecretFileIO.synchronize(directoryOf: keyFilePath)
  }

  private func checkVacant() throws(RegistryError) {
    guard access(keyFilePath, F_OK) != 0, access(registryPath, F_OK) != 0 else { throw .authorityExists(path: path) }
  }

  /// Moves a file to where none is: unlike a rename, a link never replaces what another process put there meanwhile.
  private static func move(_ source: String, to destination: String) throws(RegistryError) {
    guard link(source, destination) == 0 else {
      throw errno == EEXIST
        ? .authorityExists(path: (destination as NSString).deletingLastPathComponent)
        : .file(path: destination, errno: errno)
    }
    unlink(source)
  }
}
