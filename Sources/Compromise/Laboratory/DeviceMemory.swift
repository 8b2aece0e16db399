import Credentials
import Primitives
import Schemes

/// Everything that a device keeps over a restart, and so everything that a thief finds who takes it apart. Which fields are
/// filled depends on the scheme. Plain arrays: nothing in the laboratory is worth protecting.
public struct DeviceMemory: Sendable {
  public let scheme: Scheme
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
  public var certificate: Certificate?
  public let serverKey: X25519.PublicKey
  public let issuerKey: Ed25519.PublicKey
  public let masterKey: MasterPublicKey
}

extension DeviceMemory {
  /// The hint in front of a hello, in the schemes that have one.
  func hint(epoch: Epoch) throws -> [UInt8] {
    switch scheme {
    case .sharedKey:
      var bytes = [UInt8](repeating: 0, count: DeviceAddress.encodedLength)
      var span = bytes.mutableBytes
      var writer = ByteWriter(&span)
      address.encode(&writer)
      _ = consume writer
      return bytes
    case .derivedKey: return try Self.pseudonym(epoch, symmetricKey)
    case .derivedKeyRatchet: return try Self.pseudonym(epoch, nameKey)
    case .derivedKeyEphemeral:
      return Array(try Self.pseudonym(epoch, symmetricKey).prefix(EphemeralHandshake.hintLength))
    case .compactKK:
      let hint = CompactHandshake.hint(for: try X25519.PrivateKey(copying: privateKey).publicKey)
      return [UInt8(hint >> 8), UInt8(truncatingIfNeeded: hint)]
    case .certified, .registered, .hybridIKpsk2, .identityBased: return []
    }
  }

  static func pseudonym(_ epoch: Epoch, _ key: [UInt8]) throws -> [UInt8] {
    let name = Pseudonym<SHA256>.make(for: epoch, key: try SymmetricKey(copying: key))
    return [UInt8](copying: name.bytes)
  }
}
