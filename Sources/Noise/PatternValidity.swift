// SPDX-License-Identifier: Apache-2.0

/// The rules that a handshake pattern must keep to be safe (specification, sections 7.1, 7.3 and 9.3), and that of the
/// modifier `hfs`: one party sends `e1` once, and then the other sends `ekem1` once.
extension HandshakePattern {
  /// Refuses a pattern that breaks a rule. The patterns of the specification and what their modifiers make of them are
  /// valid; call it for your own patterns.
  ///
  /// - Throws: ``NoiseError/invalidPattern(_:)`` with the first rule broken.
  public func validate() throws(NoiseError) {
    var walk = PatternWalk(isPSK: pskPositions != 0)
    try walk.preMessage(initiatorPreMessage, of: .initiator)
    try walk.preMessage(responderPreMessage, of: .responder)
    for index in 0..<messageCount {
      guard !messages[index].isEmpty else { throw .invalidPattern(.messageCount) }
      try walk.message(messages[index], from: index & 1 == 0 ? .initiator : .responder)
    }
    guard (walk.kemKeySender != nil) == walk.hasKEMSecret, isHybrid == walk.hasKEMSecret else {
      throw .invalidPattern(.kem)
    }
    guard walk.pskCount == pskCount else { throw .invalidPattern(.pskPosition) }
    try walk.encrypt(as: .initiator)
    if !isOneWay { try walk.encrypt(as: .responder) }
  }
}

/// What both parties hold and have done, token by token.
struct PatternWalk {
  /// One bit a token, by raw value.
  struct TokenSet {
    var bits: UInt8 = 0
    func contains(_ token: Token) -> Bool { bits & (1 << token.rawValue) != 0 }
    /// Whether `token` is new.
    mutating func insert(_ token: Token) -> Bool {
      defer { bits |= 1 << token.rawValue }
      return !contains(token)
    }
  }

  let isPSK: Bool
  var initiatorKeys = TokenSet()
  var responderKeys = TokenSet()
  var agreements = TokenSet()
  var pskCount = 0
  /// Who has sent `e1`, and whether the other party has answered.
  var kemKeySender: Role?
  var hasKEMSecret = false
  var isKeyed = false

  init(isPSK: Bool) { self.isPSK = isPSK }

  mutating func preMessage(_ tokens: TokenSequence, of role: Role) throws(NoiseError) {
    guard
      tokens == TokenSequence() || tokens == TokenSequence(.e) || tokens == TokenSequence(.s)
        || tokens == TokenSequence(.e, .s)
    else { throw .invalidPattern(.preMessage) }
    try message(tokens, from: role, isPreMessage: true)
  }

  mutating func message(
    _ tokens: TokenSequence, from sender: Role, isPreMessage: Bool = false
  ) throws(NoiseError) {
    var rest = tokens
    while let token = rest.popFirst() {
      switch token {
      case .e, .s:
        if token == .s && !isPreMessage { try encrypt(as: sender) }
        let isNew = sender == .initiator ? initiatorKeys.insert(token) : responderKeys.insert(token)
        guard isNew else { throw .invalidPattern(.repeatedKey) }
        if token == .e && isPSK { isKeyed = true }
      case .ee, .es, .se, .ss:
        guard
          initiatorKeys.contains(token == .ee || token == .es ? .e : .s),
          responderKeys.contains(token == .ee || token == .se ? .e : .s)
        else { throw .invalidPattern(.unavailableKey) }
        guard agreements.insert(token) else { throw .invalidPattern(.repeatedDH) }
        isKeyed = true
      case .psk:
        pskCount += 1
        isKeyed = true
      case .e1:
        guard kemKeySender == nil else { throw .invalidPattern(.kem) }
        try encrypt(as: sender)
        kemKeySender = sender
      case .ekem1:
        guard kemKeySender == sender.opposite, !hasKEMSecret else { throw .invalidPattern(.kem) }
        // IKhfs and KKhfs send it after `ss`, and before the `se` that section 7.3 asks for then. What that is for is there: by `ee`
        // the sender's ephemeral key is in what encrypts.
        if !agreements.contains(.ee) { try encrypt(as: sender) }
        hasKEMSecret = true
        isKeyed = true
      }
    }
    if !isPreMessage { try encrypt(as: sender) }
  }

  /// What a party must have done before it may encrypt: its static key is covered by its ephemeral key (section 7.3), and
  /// so is a psk (section 9.3).
  func encrypt(as role: Role) throws(NoiseError) {
    guard isKeyed else { return }
    let withRemoteEphemeral: Token = role == .initiator ? .se : .es
    let coversRemoteStatic: Token = role == .initiator ? .es : .se
    if agreements.contains(withRemoteEphemeral) && !agreements.contains(.ee)
      || agreements.contains(.ss) && !agreements.contains(coversRemoteStatic)
    {
      throw .invalidPattern(.unprotectedStatic)
    }
    let keys = role == .initiator ? initiatorKeys : responderKeys
    if pskCount > 0 && !keys.contains(.e) { throw .invalidPattern(.pskWithoutEphemeral) }
  }
}
