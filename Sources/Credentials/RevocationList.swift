// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Wire

/// The revocations a device remembers: a fixed number, keyed by system, device and generation, never by signature. Places that none
/// needs hold what is known of peers: see ``metGeneration(of:in:)``.
///
/// An entry goes when its last epoch has passed, because the revoked certificate has then expired anyway. A list that had to turn
/// an entry away says so until that entry would also have expired: it would rather trust nobody than be wrong.
public struct RevocationList: ~Copyable, Sendable {
  public static let capacity = 32

  /// 16 bytes each, as they are stored: device (8), system (4), generation (2), last epoch (2), big-endian. Generation 0 marks
  /// one that holds no revocation. They are not secret, but need memory with its own address: a small device's stack has no room
  /// for copies.
  var encoded = SecretBytes<512>()
  /// The epoch after which every entry that was turned away has gone; 0 when none was.
  var overflowsUntil: Epoch = 0

  public init() {}

  /// Whether an entry was turned away that still matters.
  public var isOverflowing: Bool { overflowsUntil != 0 }

  public var count: Int {
    var count = 0
    for index in 0..<Self.capacity where self[index].generation != 0 { count += 1 }
    return count
  }

  public mutating func insert(_ revocation: RevocationContent) {
    let new = Entry(
      device: revocation.device.rawValue, system: revocation.system.rawValue, generation: revocation.generation,
      lastEpoch: revocation.lastEpoch)
    guard new.generation != 0 else { return }
    for index in 0..<Self.capacity {
      let entry = self[index]
      guard entry.generation != 0, entry.system == new.system, entry.device == new.device else { continue }
      self[index].generation = max(entry.generation, new.generation)
      self[index].lastEpoch = max(entry.lastEpoch, new.lastEpoch)
      return
    }
    if let place = freePlace ?? placeOfPeer(for: revocation.device) {
      self[place] = new
    } else {
      // At least 1, because 0 means no overflow.
      overflowsUntil = max(overflowsUntil, max(new.lastEpoch, 1))
    }
  }

  /// Refuses a certificate whose subject is revoked.
  public func check(_ fields: CertificateFields) throws(CredentialsError) {
    for index in 0..<Self.capacity {
      let entry = self[index]
      if entry.generation != 0, entry.generation >= fields.generation, entry.device == fields.device.rawValue,
        entry.system == fields.system.rawValue
      {
        throw .revoked(generation: entry.generation)
      }
    }
  }

  /// Drops what no longer matters in `epoch`.
  mutating func forget(before epoch: Epoch) {
    for index in 0..<Self.capacity where self[index].generation != 0 && self[index].lastEpoch < epoch {
      self[index] = Entry()
    }
    if overflowsUntil < epoch { overflowsUntil = 0 }
  }
}

/// One revocation of the list.
extension RevocationList {
  struct Entry {
    var device: UInt64 = 0
    var system: UInt32 = 0
    var generation: Generation = 0
    var lastEpoch: Epoch = 0
  }

  subscript(index: Int) -> Entry {
    get {
      let bytes = encoded.bytes.extracting(16 * index..<16 * index + 16)
      return Entry(
        device: UInt64(bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: 0, as: UInt64.self)),
        system: UInt32(bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: 8, as: UInt32.self)),
        generation: UInt16(bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: 12, as: UInt16.self)),
        lastEpoch: UInt16(bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: 14, as: UInt16.self)))
    }
    set {
      var bytes = encoded.mutableBytes
      bytes.storeBytes(of: newValue.device.bigEndian, toByteOffset: 16 * index, as: UInt64.self)
      bytes.storeBytes(of: newValue.system.bigEndian, toByteOffset: 16 * index + 8, as: UInt32.self)
      bytes.storeBytes(of: newValue.generation.bigEndian, toByteOffset: 16 * index + 12, as: UInt16.self)
      bytes.storeBytes(of: newValue.lastEpoch.bigEndian, toByteOffset: 16 * index + 14, as: UInt16.self)
    }
  }
}
