// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Wire

/// A wake-up: 0x21, the hint (5), sealed flags (1) and data, tag (16). Sealed under the key of its step and nonce 0; associated are the
/// session's name, and what is in clear.
public enum WakeFrame {
  /// Bytes that are not data.
  public static let overhead = headerLength + 1 + tagLength
  static let headerLength = 6

  /// What a device asks for by a wake-up's flags.
  public struct Flags: Equatable, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static var wantsAnswer: Flags { Flags(rawValue: 1 << 0) }
    /// The device cannot receive: the server sends nothing.
    public static var oneWay: Flags { Flags(rawValue: 1 << 2) }
    /// The data is a record of a session; else it is text for the system's application.
    public static var record: Flags { Flags(rawValue: 1 << 3) }
    static var known: Flags { Flags(rawValue: 0b1101) }
  }

  /// Writes a wake-up and returns its length.
  ///
  /// - Throws: ``SchemesError/bufferTooSmall(needed:)``.
  public static func seal(
    _ flags: Flags, _ data: RawSpan, name: Bytes<8>, step: borrowing ChainStep, into frame: inout MutableRawSpan
  ) throws(SchemesError) -> Int {
    let length = overhead + data.byteCount
    guard frame.byteCount >= length else { throw .bufferTooSmall(needed: length) }
    var whole = frame.prefix(length)
    whole.storeBytes(of: FrameKind.wakeUp.rawValue, as: UInt8.self)
    for index in 0..<5 {
      let byte = UInt8(truncatingIfNeeded: step.hint >> UInt64(32 - 8 * index))
      whole.storeBytes(of: byte, toByteOffset: 1 + index, as: UInt8.self)
    }
    let associated = associatedData(name, whole.bytes.extracting(0..<headerLength))
    whole.storeBytes(of: flags.rawValue, toByteOffset: headerLength, as: UInt8.self)
    copyBytes(data, to: &whole, at: headerLength + 1)
    var body = whole.suffix(from: headerLength)
    Cipher.ChaChaPoly.seal(inPlace: &body, key: step.sealingKey, nonce: 0, authenticating: associated.bytes)
    return length
  }

  /// The hint of a wake-up; nil when it is too short for one.
  public static func hint(_ frame: RawSpan) -> UInt64? {
    guard frame.byteCount >= overhead, frame.unsafeLoad(as: UInt8.self) == FrameKind.wakeUp.rawValue else { return nil }
    var hint: UInt64 = 0
    for index in 1...5 { hint = hint << 8 | UInt64(frame.unsafeLoad(fromByteOffset: index, as: UInt8.self)) }
    return hint
  }

  /// Verifies a wake-up, writes its data to the start of `data`, which has room for the frame, and returns the flags and the data's
  /// length.
  ///
  /// - Throws: ``SchemesError/authenticationFailed``, ``SchemesError/malformed`` for unknown flags.
  public static func open(
    _ frame: RawSpan, name: Bytes<8>, step: borrowing ChainStep, into data: inout MutableRawSpan
  ) throws(SchemesError) -> (flags: Flags, length: Int) {
    guard frame.byteCount >= overhead else { throw .malformed }
    let associated = associatedData(name, frame.extracting(0..<headerLength))
    do {
      try Cipher.ChaChaPoly.open(
        frame.extracting(headerLength...), into: &data, key: step.sealingKey, nonce: 0,
        authenticating: associated.bytes)
    } catch { throw .authenticationFailed }
    let flags = Flags(rawValue: data.unsafeLoad(as: UInt8.self))
    guard flags.rawValue & ~Flags.known.rawValue == 0 else { throw .malformed }
    let length = frame.byteCount - overhead
    for index in 0..<length {
      data.storeBytes(
        of: data.unsafeLoad(fromByteOffset: index + 1, as: UInt8.self), toByteOffset: index, as: UInt8.self)
    }
    return (flags, length)
  }

  private static func associatedData(_ name: Bytes<8>, _ header: RawSpan) -> Bytes<14> {
    var associated = Bytes<14>()
    var target = associated.mutableBytes
    copyBytes(name.bytes, to: &target)
    copyBytes(header, to: &target, at: 8)
    return associated
  }
}

#if !hasFeature(Embedded)
  /// On a host a set; on a device that would bring arrays.
  extension WakeFrame.Flags: OptionSet {}
#endif
