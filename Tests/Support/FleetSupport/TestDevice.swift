// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import CountersignCrypto
import Wire

/// A device with its flash: what was saved last is what a power cut leaves.
public final class TestDevice {
  public var identity = DeviceIdentity()
  /// The bytes in flash.
  public private(set) var stored: [UInt8] = []

  public init() {}

  public var address: DeviceAddress { identity.address }
  public var certificate: Certificate { identity.certificate! }

  /// The point of the request that is under way.
  public var requestPoint: Bytes<32>? { identity.requestPoint }

  /// A copy of the key in slot A, for handshakes that a test runs by hand.
  public func copyKeyA() -> X25519.PrivateKey {
    var key = X25519.PrivateKey()
    key.copy(from: identity.slotA.key)
    return key
  }

  /// Stores the identity.
  public func save() {
    stored = [UInt8](repeating: 0, count: DeviceIdentity.encodedLength)
    var span = stored.mutableBytes
    identity.encode(into: &span)
    identity.markStored()
  }

  /// Stores the identity when something has changed; whether it had.
  @discardableResult
  public func saveIfDirty() -> Bool {
    guard identity.isDirty else { return false }
    save()
    return true
  }

  /// Power fails and comes back: memory is gone, flash is not.
  public func reboot() throws {
    identity = DeviceIdentity()
    let flash = stored
    try identity.load(flash.bytes)
  }
}

extension Certificate {
  /// The standalone form.
  public var encoded: [UInt8] {
    var bytes = [UInt8](repeating: 0, count: encodedLength)
    var span = bytes.mutableBytes
    encode(into: &span)
    return bytes
  }

  /// The form without its key.
  public var encodedForHandshake: [UInt8] {
    var bytes = [UInt8](repeating: 0, count: encodedHandshakeLength)
    var span = bytes.mutableBytes
    encodeForHandshake(into: &span)
    return bytes
  }
}

extension Statement {
  public var encoded: [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Self.encodedLength)
    var span = bytes.mutableBytes
    encode(into: &span)
    return bytes
  }
}

extension TrustStore {
  public var encoded: [UInt8] {
    var bytes = [UInt8](repeating: 0, count: TrustStore.encodedLength)
    var span = bytes.mutableBytes
    var writer = ByteWriter(&span)
    encode(&writer)
    return bytes
  }

  public init(encoded bytes: [UInt8]) throws(WireError) {
    var reader = ByteReader(bytes.bytes)
    self.init(anchor: Bytes(), system: SystemID(0), epoch: 0)
    try load(&reader)
    try reader.finish()
  }
}

/// `bytes` with one bit turned.
public func flipping(_ bit: Int, of bytes: [UInt8]) -> [UInt8] {
  var flipped = bytes
  flipped[bit / 8] ^= 0x80 >> UInt8(bit % 8)
  return flipped
}
