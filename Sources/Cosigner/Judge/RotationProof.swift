// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Noise
import Wire

/// A device's word, to one co-signer, that it wants a new key: the co-signer is not in the session with the server, and a lying server
/// could invent rotations.
///
/// Layout: generation in use (2), then a message of Noise_K_25519_ChaChaPoly_SHA256 (80) from the key in use to the co-signer's static
/// key, whose payload is the new key. The prologue is a label, the group's key (32), the device's address (12) and both generations
/// (2 and 2).
public struct RotationProof: Equatable, Sendable {
  public static let encodedLength = 82

  /// The generation whose key proves.
  public let from: Generation
  let message: Bytes<80>

  public init(decoding bytes: RawSpan) throws(WireError) {
    var reader = ByteReader(bytes)
    from = try reader.uint16()
    message = try Bytes(&reader)
    try reader.finish()
  }

  /// Proves with the key in use, as a device does.
  public init(
    of newKey: X25519.PublicKey, generation to: Generation, from: Generation, of address: DeviceAddress,
    with key: borrowing X25519.PrivateKey, to cosigner: X25519.PublicKey, group: Ed25519.PublicKey
  ) throws(NoiseError) {
    self.from = from
    var noise = HandshakeState<Cipher.ChaChaPoly, Hash.SHA256>(.K, role: .initiator)
    defer { noise.wipe() }
    noise.setStatic(key)
    noise.setRemoteStatic(cosigner)
    try noise.start(prologue: Self.prologue(group, address, from, to).bytes)
    var message = Bytes<80>()
    var target = message.mutableBytes
    _ = try noise.writeMessage(newKey.bytes, into: &target)
    self.message = message
  }

  public var encoded: [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Self.encodedLength)
    var target = bytes.mutableBytes
    var writer = ByteWriter(&target)
    writer.uint16(from)
    writer.bytes(message.bytes)
    return bytes
  }

  /// Whether the holder of `sender`, the key of generation ``from``, wants `newKey` as the key of generation `to`.
  func isValid(
    for newKey: X25519.PublicKey, generation to: Generation, of address: DeviceAddress, from sender: X25519.PublicKey,
    to cosigner: borrowing X25519.PrivateKey, group: Ed25519.PublicKey
  ) -> Bool {
    var noise = HandshakeState<Cipher.ChaChaPoly, Hash.SHA256>(.K, role: .responder)
    defer { noise.wipe() }
    noise.setStatic(cosigner)
    noise.setRemoteStatic(sender)
    var payload = Bytes<32>()
    var target = payload.mutableBytes
    do throws(NoiseError) {
      try noise.start(prologue: Self.prologue(group, address, from, to).bytes)
      guard try noise.readMessage(message.bytes, into: &target) == 32 else { return false }
    } catch { return false }
    return payload == newKey
  }

  private static func prologue(
    _ group: Ed25519.PublicKey, _ address: DeviceAddress, _ from: Generation, _ to: Generation
  ) -> [UInt8] {
    var bytes = [UInt8]("countersign-v1 rotation proof".utf8)
    let label = bytes.count
    bytes += [UInt8](repeating: 0, count: 32 + DeviceAddress.encodedLength + 4)
    var target = bytes.mutableBytes
    var fields = target.suffix(from: label)
    var writer = ByteWriter(&fields)
    writer.bytes(group.bytes)
    address.encode(&writer)
    writer.uint16(from)
    writer.uint16(to)
    return bytes
  }
}
