// SPDX-License-Identifier: Apache-2.0

import Credentials
import Foundation
import CountersignCrypto
import Testing
import Wire

@testable import Keyring
@testable import Registry

/// A directory that is gone when the test is.
final class TemporaryDirectory: Sendable {
  let path: String

  init() {
    var template = Array((NSTemporaryDirectory() + "/countersign-test-XXXXXX").utf8CString)
    path = String(cString: mkdtemp(&template)!)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// A new authority in a directory of its own, with two systems.
struct TestAuthority {
  let directory: AuthorityDirectory
  let authority: Authority
  let registry: SQLiteRegistry
  let alpha: SystemID
  let beta: SystemID
  private let temporary = TemporaryDirectory()

  init(certificateEpochs: Epoch = 8, clock: (@Sendable () -> Int64)? = nil) throws {
    directory = AuthorityDirectory(temporary.path + "/authority")
    authority = Authority.random()
    try directory.create(authority, sealing: .unsealed, certificateEpochs: certificateEpochs, actor: "test")
    registry = try directory.openRegistry(actor: "test", clock: clock)
    alpha = try registry.addSystem(named: "alpha").id
    beta = try registry.addSystem(named: "beta").id
  }

  var issuer: AuthorityIssuer { authority.issuer }

  /// Registers a device with a random key and returns its address and key.
  func device(_ id: UInt64, in system: SystemID? = nil) throws -> (DeviceAddress, X25519.PublicKey) {
    let address = DeviceAddress(system: system ?? alpha, device: DeviceID(id))
    let key = X25519.PrivateKey.random().publicKey
    _ = try registry.addDevice(NewDevice(address: address, publicKey: key), issuer: issuer)
    return (address, key)
  }

  /// The actions on record, oldest first.
  func actions() throws -> [String] {
    try registry.audit(since: 0, limit: 1000).map(\.action)
  }
}
