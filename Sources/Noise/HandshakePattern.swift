// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto

/// A handshake pattern: pre-messages and up to four messages, the initiator's first (specification, section 7).
///
/// Patterns are plain values. A pattern named in the source is a compile-time constant; the table that turns names into patterns
/// is linked only where a name is parsed.
public struct HandshakePattern: Sendable {
  public static let maximumMessageCount = 4
  /// One `psk` may stand before the first message and one after each.
  public static let maximumPSKCount = maximumMessageCount + 1

  public internal(set) var name: PatternName
  public private(set) var initiatorPreMessage: TokenSequence
  public private(set) var responderPreMessage: TokenSequence
  @usableFromInline var messages: InlineArray<4, TokenSequence>
  public private(set) var messageCount: Int
  /// Bit i is set when the modifier `psk<i>` stands in the name.
  public internal(set) var pskPositions: UInt8 = 0
  /// Which of the other modifiers stand in the name, in one byte: firmware copies patterns about.
  @usableFromInline var modifiers: Modifiers
  /// What a party sends for the token `s`, in bytes: its static public key, or, with the modifier `implicit`, a credential from
  /// which the peer computes the key.
  public private(set) var staticFieldLength = X25519.keyLength

  // Not an OptionSet, whose literals are arrays.
  @usableFromInline
  struct Modifiers: Sendable {
    @usableFromInline var bits: UInt8
    @inlinable init(bits: UInt8) { self.bits = bits }
    @inlinable static var none: Modifiers { Modifiers(bits: 0) }
    @inlinable static var fallback: Modifiers { Modifiers(bits: 1) }
    @inlinable static var implicit: Modifiers { Modifiers(bits: 2) }
    @inlinable static var hfs: Modifiers { Modifiers(bits: 4) }
    @inlinable func contains(_ other: Modifiers) -> Bool { bits & other.bits != 0 }
    @inlinable mutating func insert(_ other: Modifiers) { bits |= other.bits }
  }

  /// Whether the modifier `fallback` stands in the name.
  @inlinable public var isFallback: Bool { modifiers.contains(.fallback) }
  /// Whether the modifier `implicit` stands in the name.
  @inlinable public var isImplicit: Bool { modifiers.contains(.implicit) }
  /// Whether the modifier `hfs` stands in the name: such a pattern needs a KEM.
  @inlinable public var isHybrid: Bool { modifiers.contains(.hfs) }

  /// A pattern from its parts. It is not checked here: see ``validate()``.
  public init(
    _ name: StaticString, initiator: TokenSequence = TokenSequence(), responder: TokenSequence = TokenSequence(),
    _ m0: TokenSequence, _ m1: TokenSequence = TokenSequence(), _ m2: TokenSequence = TokenSequence(),
    _ m3: TokenSequence = TokenSequence()
  ) {
    self.init(PatternName(name), initiator: initiator, responder: responder, m0, m1, m2, m3, isFallback: false)
  }

  init(
    _ name: PatternName, initiator: TokenSequence, responder: TokenSequence, _ m0: TokenSequence, _ m1: TokenSequence,
    _ m2: TokenSequence, _ m3: TokenSequence, isFallback: Bool
  ) {
    self.name = name
    modifiers = isFallback ? .fallback : .none
    initiatorPreMessage = initiator
    responderPreMessage = responder
    messages = [m0, m1, m2, m3]
    messageCount = m3.isEmpty ? (m2.isEmpty ? (m1.isEmpty ? 1 : 2) : 3) : 4
  }

  /// One message: the initiator speaks, the responder never does (section 7.4).
  public var isOneWay: Bool { messageCount == 1 && !isFallback }

  /// How many pre-shared keys a handshake of this pattern mixes.
  public var pskCount: Int { pskPositions.nonzeroBitCount }

  /// The tokens of message `index`, counted from 0.
  @inlinable
  public func message(_ index: Int) -> TokenSequence { messages[index] }

  /// This pattern with the modifier `psk<position>` (section 9.4): 0 stands at the start of the first message, i at the
  /// end of the i-th. Several are added in rising order, the order in which a name must list them (section 8.1).
  public func psk(_ position: Int) throws(NoiseError) -> HandshakePattern {
    guard position >= 0, position <= messageCount, pskPositions >> UInt8(position) == 0, !isImplicit else {
      throw .invalidPattern(.pskPosition)
    }
    var result = self
    if position == 0 {
      result.messages[0].prepend(.psk)
    } else {
      result.messages[position - 1].append(.psk)
    }
    result.name.appendModifier("psk", digit: UInt8(position), isFirst: pskPositions == 0 && !isFallback && !isHybrid)
    result.pskPositions |= 1 << UInt8(position)
    return result
  }

  /// This pattern with the modifier `implicit`, which is not the specification's: for the token `s` a party sends a credential
  /// of `credentialLength` bytes in place of its static public key, and the peer computes the key from it. The credential is
  /// encrypted and hashed as the key would be; the rest of the pattern is unchanged. Keys of pre-messages stay keys.
  public func implicit(credentialLength: Int) -> HandshakePattern {
    precondition(credentialLength > 0 && !isImplicit && !isFallback && pskPositions == 0)
    var result = self
    result.name.appendModifier("implicit", digit: nil, isFirst: !isHybrid)
    result.staticFieldLength = credentialLength
    result.modifiers.insert(.implicit)
    return result
  }

  /// This pattern with the modifier `fallback` (section 10.2): the first message becomes a pre-message of the party that
  /// sent it, and the other party, now the initiator, continues with the second.
  public func fallback() throws(NoiseError) -> HandshakePattern {
    guard messageCount > 1, !isFallback, !isImplicit, !isHybrid, pskPositions == 0, let preMessage = fallbackPreMessage
    else {
      throw .invalidPattern(.notFallbackCapable)
    }
    var result = self
    result.name.appendModifier("fallback", digit: nil, isFirst: true)
    result.modifiers.insert(.fallback)
    result.initiatorPreMessage = responderPreMessage
    result.responderPreMessage = preMessage
    result.messageCount = messageCount - 1
    for index in 0..<4 {
      result.messages[index] = index + 1 < messageCount ? messages[index + 1].mirrored : TokenSequence()
    }
    return result
  }

  /// The first message joined to the initiator's pre-message, when both together are `e`, `s` or `e, s`.
  private var fallbackPreMessage: TokenSequence? {
    let hasE = messages[0].contains(.e)
    let hasS = messages[0].contains(.s)
    guard messages[0].count == (hasE ? 1 : 0) + (hasS ? 1 : 0) else { return nil }
    guard !(hasS && initiatorPreMessage.contains(.s)) else { return nil }
    let showsS = hasS || initiatorPreMessage.contains(.s)
    return hasE ? TokenSequence(.e, showsS ? .s : nil) : TokenSequence(showsS ? .s : nil)
  }
}
