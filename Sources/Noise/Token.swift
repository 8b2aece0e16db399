// SPDX-License-Identifier: Apache-2.0

/// A token of a message pattern (specification, section 7.1); `e1` and `ekem1` are the modifier `hfs`'s.
public enum Token: UInt8, Equatable, Sendable {
  case e = 1
  case s, ee, es, se, ss, psk
  /// The public key of a KEM, made for this handshake.
  case e1
  /// A ciphertext of the KEM for that key, and the secret that it carries.
  case ekem1

  /// What the other party calls the same Diffie-Hellman.
  @inlinable
  var mirrored: Token {
    switch self {
    case .es: .se
    case .se: .es
    default: self
    }
  }
}

/// The tokens of one message, in order: at most 15, four bits each, the first in the lowest bits.
public struct TokenSequence: Equatable, Sendable {
  /// The most tokens that one message can have.
  public static let capacity = 15

  @usableFromInline var packed: UInt64

  /// The sequence of the tokens given, the first ones first.
  @inlinable
  public init(
    _ t0: Token? = nil, _ t1: Token? = nil, _ t2: Token? = nil, _ t3: Token? = nil, _ t4: Token? = nil,
    _ t5: Token? = nil
  ) {
    // Shifts by constants, so that a pattern which is named in the source is a constant.
    packed = Self.bits(t0) | Self.bits(t1) << 4 | Self.bits(t2) << 8 | Self.bits(t3) << 12
    packed |= Self.bits(t4) << 16 | Self.bits(t5) << 20
  }

  @inlinable
  static func bits(_ token: Token?) -> UInt64 {
    guard let token else { return 0 }
    return UInt64(token.rawValue)
  }

  @inlinable public var isEmpty: Bool { packed == 0 }

  @inlinable public var count: Int { (64 - packed.leadingZeroBitCount + 3) / 4 }

  /// The first token.
  @inlinable
  public var first: Token? { Token(rawValue: UInt8(truncatingIfNeeded: packed & 15)) }

  /// Takes the first token off.
  @inlinable
  public mutating func popFirst() -> Token? {
    guard let token = first else { return nil }
    packed >>= 4
    return token
  }

  @inlinable
  public func contains(_ token: Token) -> Bool {
    var rest = self
    while let next = rest.popFirst() {
      if next == token { return true }
    }
    return false
  }

  @inlinable
  mutating func append(_ token: Token) {
    precondition(count < Self.capacity, "a message has at most 15 tokens")
    packed |= UInt64(token.rawValue) << UInt64(4 * count)
  }

  @inlinable
  mutating func prepend(_ token: Token) {
    precondition(count < Self.capacity, "a message has at most 15 tokens")
    packed = packed << 4 | UInt64(token.rawValue)
  }

  /// Puts `token` behind the first one that `isPlace` accepts. Returns whether there is such a place.
  mutating func insert(_ token: Token, behind isPlace: (Token) -> Bool) -> Bool {
    var result = TokenSequence()
    var isInserted = false
    var rest = self
    while let next = rest.popFirst() {
      result.append(next)
      guard !isInserted, isPlace(next) else { continue }
      result.append(token)
      isInserted = true
    }
    self = result
    return isInserted
  }

  /// The sequence as the other party writes it.
  @inlinable
  var mirrored: TokenSequence {
    var result = TokenSequence()
    var rest = self
    while let token = rest.popFirst() { result.append(token.mirrored) }
    return result
  }
}
