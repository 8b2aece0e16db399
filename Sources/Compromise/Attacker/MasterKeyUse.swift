// SPDX-License-Identifier: Apache-2.0

import Schemes
import Credentials
import CountersignCrypto
import Keyring
import Registry
import Wire

/// The key under which identity-based credentials are issued, in the hands of somebody who has nothing else of the server.
final class MasterKeyUse {
  private let authority: Authority

  init(_ authority: Authority) { self.authority = authority }

  /// A key pair, and a credential that makes it a device's.
  func mint(
    _ address: DeviceAddress, generation: Generation, lastEpoch: Epoch
  ) throws -> (privateKey: [UInt8], certificate: Certificate) {
    let fields = authority.identityMaster.fields(for: address, generation: generation, lastEpoch: lastEpoch)
    var key = X25519.PrivateKey()
    let credential = try authority.identityMaster.issueInjected(fields, into: &key)
    return (keyBytes(of: key), Certificate(credential, publicKey: key.publicKey))
  }

  /// The private key that the master key makes of a credential's fields: its subject's, if it was issued in escrow.
  func computeAgain(_ fields: CertificateFields) throws -> [UInt8] {
    var key = X25519.PrivateKey()
    _ = try authority.identityMaster.issueEscrow(fields, into: &key)
    return keyBytes(of: key)
  }
}

extension Loot {
  /// The issuing key of a scheme, alone.
  static func issuingKey(_ scheme: SchemeID, of authority: Authority) -> Loot {
    scheme.row.shown == .credential ? Loot(master: MasterKeyUse(authority)) : Loot(issuer: authority.issuer)
  }
}

extension Attacker {
  /// The use of the master key, stolen as such or following from the root.
  func masterKey() throws -> MasterKeyUse? {
    try loot.master ?? loot.root.map { MasterKeyUse(try Authority(root: $0.bytes)) }
  }
}
