// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Schemes
import Wire

/// Everything that a device keeps over a restart, and so everything that a thief finds who takes it apart. Which fields are
/// filled depends on the scheme. Plain arrays: nothing in the laboratory is worth protecting.
public struct DeviceMemory: Sendable {
  public let scheme: SchemeID
  public var address: DeviceAddress
  public var generation: Generation
  /// The highest epoch that it has been told.
  public var epoch: Epoch = 1
  /// The shared key, the derived key, the ratchet's current key, or the psk of the hybrid.
  public var symmetricKey: [UInt8] = []
  /// What the ratchet's pseudonyms are made with; it is not moved forward.
  public var nameKey: [UInt8] = []
  /// Sessions begun so far, in the schemes that count.
  public var counter: UInt32 = 0
  public var privateKey: [UInt8] = []
  /// The secret of an ephemeral key made ahead, until a session takes it.
  public var ephemeralKey: [UInt8] = []
  public var certificate: Certificate?
  public let serverKey: X25519.PublicKey
  public let issuerKey: Ed25519.PublicKey
  public let masterKey: MasterPublicKey
}

extension DeviceMemory {
  /// The hint in front of a hello, in the schemes that have one.
  func hint(epoch: Epoch) throws -> [UInt8] {
    let kind = scheme.row.hint
    switch kind {
    case .address:
      var bytes = [UInt8](repeating: 0, count: kind.length)
      var span = bytes.mutableBytes
      var writer = ByteWriter(&span)
      address.encode(&writer)
      _ = consume writer
      return bytes
    case .pseudonym, .pseudonymStart:
      let key = scheme.row.derivation == .ratchet ? nameKey : symmetricKey
      return Array(try Self.pseudonym(epoch, key).prefix(kind.length))
    case .keyHash:
      let hint = RoutingHint.bytes(of: try X25519.PrivateKey(copying: privateKey).publicKey)
      return [UInt8](copying: hint.bytes)
    case .none, .saltStart: return []
    }
  }

  static func pseudonym(_ epoch: Epoch, _ key: [UInt8]) throws -> [UInt8] {
    let name = Pseudonym<Hash.SHA256>.make(for: epoch, key: try SecretBytes<32>(copying: key))
    return [UInt8](copying: name.bytes)
  }
}
