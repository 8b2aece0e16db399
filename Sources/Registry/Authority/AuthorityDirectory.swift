// SPDX-License-Identifier: Apache-2.0

import Credentials
import Files
import Foundation
import CountersignCrypto
import Keyring
import SystemPackage

/// The directory of an authority: its key file, its registry, the server's lock, and what the relay keeps beside them.
public struct AuthorityDirectory: Sendable {
  public let path: String

  public init(_ path: String) {
    self.path = path
  }

  public var keyFilePath: String { path + "/authority.key" }
  public var registryPath: String { path + "/registry.sqlite" }

  /// Opens the registry, which needs no key: only signing does.
  ///
  /// - Parameters:
  ///   - actor: the command or service, for the audit record.
  ///   - clock: seconds since 1970, for what is refilled as time passes; the system's when nil.
  public func openRegistry(
    actor: String, clock: (@Sendable () -> Int64)? = nil
  ) throws(RegistryError) -> SQLiteRegistry {
    try checkPresence(of: registryPath)
    return try SQLiteRegistry(
      path: registryPath, actor: actor, witness: RegistryWitness(directory: path), clock: clock)
  }

  /// Whether the key file is sealed, so that a caller knows before it asks for a passphrase.
  public func keyFile() throws(RegistryError) -> KeyFile {
    var bytes = try readKeyFile()
    defer { wipe(&bytes) }
    return try usingKeys(try KeyFile(decoding: bytes.bytes))
  }

  /// Opens the key file and checks that it belongs to this registry, and that the registry is not behind what was witnessed.
  ///
  /// - Parameter acceptingRestored: whether to skip that last check, because the caller is about to accept what it finds.
  /// - Throws: what ``KeyFile/open(_:passphrase:)`` throws, ``RegistryError/file(_:)`` when others than the
  ///   owner may read the file, ``RegistryError/keyMismatch``.
  public func unlock(
    _ registry: some DeviceRegistry, passphrase: Passphrase?, acceptingRestored: Bool = false
  ) throws(RegistryError) -> Authority {
    var bytes = try readKeyFile()
    defer { wipe(&bytes) }
    let authority = try usingKeys(try KeyFile.open(bytes.bytes, passphrase: passphrase))
    let state = try registry.state()
    guard state.issuerKey == authority.issuerKey, state.serverKey == authority.serverKey.publicKey else {
      throw .keyMismatch
    }
    if !acceptingRestored { try registry.checkAgainstWitness() }
    if state.masterKey == nil { try registry.learn(authority.identityMaster.publicKey) }
    return authority
  }

  private func readKeyFile() throws(RegistryError) -> [UInt8] {
    try checkPresence(of: keyFilePath)
    return try usingFiles(try SecretFile.read(keyFilePath, limit: KeyFile.sealedLength, followsLinks: true))
  }

  /// A file that cannot be seen may still be there.
  private func checkPresence(of file: String) throws(RegistryError) {
    guard access(file, F_OK) != 0 else { return }
    let reason = errno
    throw reason == ENOENT || reason == ENOTDIR
      ? .noAuthority(path: path) : .file(FileError(.open, file, .system(Errno(rawValue: reason))))
  }
}
