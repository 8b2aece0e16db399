// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto

/// An ephemeral key for one session to come, made ahead: while the radio sleeps, so that a multiplication on the curve less lies
/// between waking and the first frame.
///
/// No session makes or takes one unless the application says so, for it opens a window: whoever reads the device between ``make()`` and
/// the end of that handshake can read the session. Without it, nothing in a device tells a session that has not begun.
///
/// A key is in one place at a time and is used once. It lives where it is made and is never moved; ``ServerLink/take(_:)`` and
/// ``PeerSession/take(_:)`` take it away from there, ``encode(into:)`` and ``store(in:)`` leave it in storage alone, and it is taken
/// from storage only after it has been erased there. A power cut can cost a key, and never brings one back.
public struct EphemeralKey: ~Copyable, Sendable {
  /// Bytes of a stored key: private and public half, and 16 of their SHA-256, which tell a torn write.
  public static let encodedLength = 80
  private static let keysLength = 2 * X25519.keyLength

  var key = X25519.PrivateKey()
  /// Whether there is a key here that no session has taken.
  public private(set) var isPresent = false

  /// A place for a key.
  public init() {}

  /// Draws a key, in place of any that is here.
  public mutating func make() {
    key.generate()
    isPresent = true
  }

  /// Overwrites the key.
  public mutating func wipe() {
    key.clear()
    isPresent = false
  }

  /// Writes ``encodedLength`` bytes for storage, and forgets the key. They are as secret as the session that it will open: the caller
  /// overwrites them when they are stored.
  ///
  /// - Throws: ``DeviceError/noUsableKey`` when there is none.
  public mutating func encode(into target: inout MutableRawSpan) throws(DeviceError) {
    precondition(target.byteCount >= Self.encodedLength)
    guard isPresent else { throw .noUsableKey }
    copyBytes(key.secretBytes, to: &target)
    copyBytes(key.publicKey.bytes, to: &target, at: X25519.keyLength)
    let digest = Self.digest(of: target.bytes.extracting(0..<Self.keysLength))
    copyBytes(digest.bytes.extracting(0..<Self.encodedLength - Self.keysLength), to: &target, at: Self.keysLength)
    wipe()
  }

  /// Takes the key out of bytes that ``encode(into:)`` wrote, and overwrites these. Whoever read them from storage has erased them there
  /// before: two sessions with one ephemeral key break both.
  ///
  /// - Throws: ``DeviceError/corruptFile`` for what is no key, or one whose writing or erasing was cut short; there is none here then.
  public mutating func take(from stored: inout MutableRawSpan) throws(DeviceError) {
    wipe()
    defer { CountersignCrypto.wipe(&stored) }
    guard stored.byteCount == Self.encodedLength else { throw .corruptFile }
    let digest = Self.digest(of: stored.bytes.extracting(0..<Self.keysLength))
    let isWhole = constantTimeEquals(
      digest.bytes.extracting(0..<Self.encodedLength - Self.keysLength), stored.bytes.extracting(Self.keysLength...))
    guard isWhole else { throw .corruptFile }
    do throws(CryptoError) {
      let publicKey = try X25519.PublicKey(copying: stored.bytes.extracting(X25519.keyLength..<Self.keysLength))
      try key.load(stored.bytes.extracting(0..<X25519.keyLength), publicKey: publicKey)
    } catch { throw .corruptFile }
    isPresent = true
  }

  private static func digest(of keys: RawSpan) -> Bytes<32> {
    var digest = Bytes<32>()
    var place = digest.mutableBytes
    Hash.SHA256.hash(keys, into: &place)
    return digest
  }
}

/// Where an application keeps an ephemeral key through a sleep in which RAM is lost: ``EphemeralKey/encodedLength`` bytes of its own.
public protocol EphemeralStorage: ~Copyable {
  /// Reads the bytes as they are stored now, not as they were last written.
  func read(into bytes: inout MutableRawSpan)
  /// Replaces the bytes, and returns when they outlast a power cut; false where that failed.
  mutating func write(_ bytes: RawSpan) -> Bool
}

extension EphemeralKey {
  /// Stores the key, and forgets it here; false where there is none, or it could not be written.
  public mutating func store(in storage: inout some EphemeralStorage & ~Copyable) -> Bool {
    var bytes = SecretBytes<80>()
    defer { bytes.wipe() }
    var place = bytes.mutableBytes
    do { try encode(into: &place) } catch { return false }
    return storage.write(bytes.bytes)
  }

  /// Erases the stored key, reads that it is gone, and only then has it here. Whether there is one: not where none was stored, where a
  /// power cut has torn it, or where it could not be erased. Nothing is written where nothing is stored.
  public mutating func take(from storage: inout some EphemeralStorage & ~Copyable) -> Bool {
    wipe()
    var stored = SecretBytes<80>(), left = SecretBytes<80>()
    defer {
      stored.wipe()
      left.wipe()
    }
    let nothing = Bytes<80>()
    var place = stored.mutableBytes
    storage.read(into: &place)
    guard !constantTimeEquals(place.bytes, nothing.bytes), storage.write(nothing.bytes) else { return false }
    var again = left.mutableBytes
    storage.read(into: &again)
    guard constantTimeEquals(again.bytes, nothing.bytes) else { return false }
    do { try take(from: &place) } catch { return false }
    return true
  }
}
