// SPDX-License-Identifier: Apache-2.0

/// The modifier `hfs`: hybrid forward secrecy ("KEM-based Hybrid Forward Secrecy for Noise", revision 1, a draft).
extension HandshakePattern {
  /// This pattern with the modifier `hfs`: `e1` stands behind the first `e`, or behind the first Diffie-Hellman of its message if
  /// there is one, so that the key is encrypted; `ekem1` stands behind the first `ee`.
  ///
  /// It comes before `psk` and `implicit`. One-way patterns have no `ee`, and `fallback` has no place for the first message's key.
  public func hfs() throws(NoiseError) -> HandshakePattern {
    guard !isHybrid, !isFallback, !isImplicit, pskPositions == 0 else { throw .invalidPattern(.kem) }
    var result = self
    guard
      result.insert(.e1, behind: { $0 == .e }, orFirstOf: { $0.isDiffieHellman }),
      result.insert(.ekem1, behind: { $0 == .ee }, orFirstOf: { _ in false })
    else { throw .invalidPattern(.kem) }
    result.name.appendModifier("hfs", digit: nil, isFirst: true)
    result.modifiers.insert(.hfs)
    return result
  }

  /// Puts a token into the first message with a place for it: behind the first better one there, if it has one.
  private mutating func insert(
    _ token: Token, behind isPlace: (Token) -> Bool, orFirstOf isBetter: (Token) -> Bool
  ) -> Bool {
    for index in 0..<messageCount {
      guard messages[index].first(where: isPlace) != nil else { continue }
      return messages[index].insert(token, behind: isBetter) || messages[index].insert(token, behind: isPlace)
    }
    return false
  }

  /// The first message, counted from 0, whose payload stays secret when Curve25519 is broken later, as long as the KEM holds; so do
  /// all payloads after it. Nil without `hfs`.
  ///
  /// It follows from the tokens and the definition of the key schedule, for an attacker who records and does not interfere; the
  /// draft grades nothing. Authentication is Curve25519's alone.
  public var firstHybridMessage: Int? {
    for index in 0..<messageCount where messages[index].contains(.ekem1) { return index }
    return nil
  }

  /// Whether the static public key that `role` transmits is then still hidden: it is sent after `ekem1`. Nil when it transmits none.
  public func hidesStaticHybridly(_ role: Role) -> Bool? {
    var hasKEMSecret = false
    for index in 0..<messageCount {
      var rest = messages[index]
      while let token = rest.popFirst() {
        if token == .ekem1 { hasKEMSecret = true }
        if token == .s && (index & 1 == 0) == (role == .initiator) { return hasKEMSecret }
      }
    }
    return nil
  }
}

extension Token {
  var isDiffieHellman: Bool { self == .ee || self == .es || self == .se || self == .ss }
}
