// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Wire

/// The answer to a wake-up: 0x29, its number (1), sealed flags (1), distance (1), bitmap (2), epoch (2) and data, tag (16). Sealed under
/// the answer key of the wake-up's step, the answer's number as the nonce; associated are the session's name, and what is in clear.
public struct WakeAnswer: Equatable, Sendable {
  /// Bytes that are not data.
  public static let overhead = headerLength + fieldsLength + tagLength
  static let headerLength = 2
  static let fieldsLength = 6

  /// What the server says besides.
  public struct Flags: Equatable, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// There are statements that fit no answer: a session brings them. The device opens one within 16 wake-ups.
    public static var news: Flags { Flags(rawValue: 1 << 0) }
    /// The session is to be suspended anew: it ends soon, or something has changed.
    public static var renew: Flags { Flags(rawValue: 1 << 1) }
    /// A session has more than this answer: mail, or what was asked for and did not fit.
    public static var more: Flags { Flags(rawValue: 1 << 2) }
    static var known: Flags { Flags(rawValue: 0b111) }
  }

  public let flags: Flags
  /// How many counters there are from the first one missing at the server through that of this wake-up; 0 when none of the last 16 is.
  public let distance: UInt8
  /// Bit i: the counter i + 1 after the first one missing has arrived.
  public let bitmap: UInt16
  /// The fleet's epoch.
  public let epoch: UInt16

  public init(flags: Flags, distance: UInt8, bitmap: UInt16, epoch: UInt16) {
    self.flags = flags
    self.distance = distance
    self.bitmap = bitmap
    self.epoch = epoch
  }

  /// Writes an answer and returns its length.
  ///
  /// - Throws: ``SchemesError/bufferTooSmall(needed:)``.
  public func seal(
    _ data: RawSpan, number: UInt8, name: Bytes<8>, key: RawSpan, into frame: inout MutableRawSpan
  ) throws(SchemesError) -> Int {
    let length = Self.overhead + data.byteCount
    guard frame.byteCount >= length else { throw .bufferTooSmall(needed: length) }
    var whole = frame.prefix(length)
    var writer = ByteWriter(&whole)
    writer.uint8(FrameKind.wakeAnswer.rawValue)
    writer.uint8(number)
    writer.uint8(flags.rawValue)
    writer.uint8(distance)
    writer.uint16(bitmap)
    writer.uint16(epoch)
    writer.bytes(data)
    _ = consume writer
    let associated = Self.associatedData(name, whole.bytes.extracting(0..<Self.headerLength))
    var body = whole.suffix(from: Self.headerLength)
    Cipher.ChaChaPoly.seal(inPlace: &body, key: key, nonce: UInt64(number), authenticating: associated.bytes)
    return length
  }

  /// Verifies an answer in place and returns it with where its data is in the frame.
  ///
  /// - Throws: ``SchemesError/authenticationFailed``, ``SchemesError/malformed`` for unknown flags.
  public static func open(
    _ frame: inout MutableRawSpan, name: Bytes<8>, key: RawSpan
  ) throws(SchemesError) -> (answer: WakeAnswer, data: Range<Int>) {
    guard frame.byteCount >= overhead, frame.unsafeLoad(as: UInt8.self) == FrameKind.wakeAnswer.rawValue else {
      throw .malformed
    }
    let number = frame.unsafeLoad(fromByteOffset: 1, as: UInt8.self)
    let associated = associatedData(name, frame.bytes.extracting(0..<headerLength))
    let end = frame.byteCount - tagLength
    var body = frame.suffix(from: headerLength)
    do {
      try Cipher.ChaChaPoly.open(inPlace: &body, key: key, nonce: UInt64(number), authenticating: associated.bytes)
    } catch { throw .authenticationFailed }
    var reader = ByteReader(body.bytes)
    do throws(WireError) {
      let flags = Flags(rawValue: try reader.uint8())
      guard flags.rawValue & ~Flags.known.rawValue == 0 else { throw .invalidValue }
      let answer = WakeAnswer(
        flags: flags, distance: try reader.uint8(), bitmap: try reader.uint16(), epoch: try reader.uint16())
      return (answer, headerLength + fieldsLength..<end)
    } catch { throw .malformed }
  }

  private static func associatedData(_ name: Bytes<8>, _ header: RawSpan) -> Bytes<10> {
    var associated = Bytes<10>()
    var target = associated.mutableBytes
    copyBytes(name.bytes, to: &target)
    copyBytes(header, to: &target, at: 8)
    return associated
  }
}

#if !hasFeature(Embedded)
  /// On a host a set; on a device that would bring arrays.
  extension WakeAnswer.Flags: OptionSet {}
#endif
