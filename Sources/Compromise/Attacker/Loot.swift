// SPDX-License-Identifier: Apache-2.0

import Schemes
import Credentials
import Foundation
import CountersignCrypto
import Keyring
import Registry
import Wire

/// What an attacker has stolen. An attack fills in what it says that it steals; all else stays empty, and the attacker's code
/// sees nothing but this, what is public, and the wire.
struct Loot {
  /// All that one device keeps.
  var memory: DeviceMemory?
  /// The server's 32 bytes.
  var root: [UInt8]?
  /// The use of the key that signs certificates and statements, and of nothing else.
  var issuer: AuthorityIssuer?
  /// The use of the key that issues identity-based credentials, and of nothing else.
  var master: MasterKeyUse?
  /// The private half of the server's static handshake key, and nothing else.
  var staticKey: [UInt8]?
  /// A copy of the registry's file.
  var registry: [UInt8]?
  /// Private halves of ephemeral keys that a weak generator gave away, or that a quantum computer found.
  var privateKeys: [X25519.PublicKey: [UInt8]] = [:]
}

/// What everybody may know: public keys, addresses, certificates (peers show them to each other), the epoch.
struct PublicFacts {
  let scheme: SchemeID
  let serverKey: X25519.PublicKey
  let issuerKey: Ed25519.PublicKey
  let masterKey: MasterPublicKey
  let devices: [DeviceAddress]
  let certificates: [Certificate]
  let epoch: Epoch
}

extension World {
  var publicFacts: PublicFacts {
    PublicFacts(
      scheme: scheme, serverKey: authority.serverKey.publicKey, issuerKey: authority.issuerKey,
      masterKey: authority.identityMaster.publicKey,
      devices: devices.map(\.address), certificates: devices.compactMap(\.certificate), epoch: epoch)
  }

  /// An attacker with this loot and nothing else.
  func attacker(_ loot: Loot = Loot()) -> Attacker { Attacker(loot: loot, facts: publicFacts) }

  /// A copy of the registry, as it lies on the server's disk.
  func registryDump() throws -> [UInt8] {
    guard let live else { return book?.book.bytes ?? [] }
    return try [UInt8](Data(contentsOf: URL(filePath: try live.backUp())))
  }
}

/// Somebody with loot. Its methods try everything that the loot allows.
struct Attacker {
  let loot: Loot
  let facts: PublicFacts
}
