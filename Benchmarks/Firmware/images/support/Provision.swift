// SPDX-License-Identifier: Apache-2.0

import CFirmware
import CountersignCrypto

/// What an image that only talks to the server finds on its storage page, in this order.
enum Provision {
  static let certificate = Storage.Field(offset: 64, count: 116)
  static let scheme = Storage.Field(offset: 180, count: 1)
  static let symmetricKey = Storage.Field(offset: 184, count: 32)
  /// The pseudonym, or the address: twelve bytes of which a scheme uses what it needs.
  static let hint = Storage.Field(offset: 216, count: 12)
  /// An identity-based credential with its key, in the certificate's place.
  static let credential = Storage.Field(offset: 64, count: 84)

  static var master: Bytes<32> { Storage.read(228) }

  /// The device's private key.
  static func load(_ key: inout X25519.PrivateKey) {
    measure("load") { () throws(CryptoError) in try key.load(Storage.bytes(0, 32)) }
  }

  /// What all sessions with the server have in common: DH of the device's key and the server's.
  static func agree(_ key: borrowing X25519.PrivateKey, into shared: inout SecretBytes<32>) {
    op_begin()
    do { try key.agree(with: serverKey, into: &shared) } catch { fail(1) }
    end("agree")
  }

  static var serverKey: X25519.PublicKey { Storage.read(32) }
}
