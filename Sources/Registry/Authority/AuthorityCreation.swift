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
  /// directory an authority. After a crash there is none or a whole one; what it left is cleared by the next attempt.
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
    let directory = try lock()
    defer {
      // A process that this one is just starting has a copy of the descriptor for a moment, which closing would leave locked.
      flock(directory, LOCK_UN)
      close(directory)
    }
    try checkVacant()
    let workshop = AuthorityDirectory(path + "/.init")
    clear([workshop.path, registryPath, registryPath + "-wal", registryPath + "-shm"])
    guard mkdir(workshop.path, 0o700) == 0 else { throw .file(path: workshop.path, errno: errno) }
    defer { clear([workshop.path]) }

    try SQLiteRegistry.create(path: workshop.registryPath)
    do {
      let registry = try workshop.openRegistry(actor: actor)
      try registry.initialize(
        issuer: authority.issuer, serverKey: authority.serverKey.publicKey,
        masterKey: authority.identityMaster.publicKey, certificateEpochs: certificateEpochs)
      try registry.close()
    }
    try SecretFileIO.create(workshop.keyFilePath, keyFile.bytes)
    try Self.move(workshop.registryPath, to: registryPath)
    try Self.move(workshop.keyFilePath, to: keyFilePath)
    try SecretFileIO.synchronize(directoryOf: keyFilePath)
  }

  /// Checks that an authority can be made here: there is no key file, and no registry that anything depends on. One without
  /// systems and without a key is what a crash leaves between the two moves.
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

  /// Keeps a second `init` out until the descriptor is closed, so that neither clears what the other makes.
  private func lock() throws(RegistryError) -> Int32 {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .file(path: path, errno: errno) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      close(descriptor)
      throw .authorityExists(path: path)
    }
    return descriptor
  }

  private func clear(_ paths: [String]) {
    for path in paths { try? FileManager.default.removeItem(atPath: path) }
  }

  /// Moves a file to where none is: unlike a rename, a link never replaces what another process put there meanwhile.
  private static func move(_ source: String, to destination: String) throws(RegistryError) {
    guard link(source, destination) == 0 else {
      throw errno == EEXIST
        ? .authorityExists(path: SecretFileIO.directory(of: destination))
        : .file(path: destination, errno: errno)
    }
    unlink(source)
  }
}
