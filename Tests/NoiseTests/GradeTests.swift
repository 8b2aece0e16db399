// SPDX-License-Identifier: Apache-2.0

import Noise
import Testing

/// The table of grades against the specification's definitions, applied to the tokens.
@Suite("Security grades")
struct GradeTests {
  @Test("Payload grades follow from the tokens", arguments: HandshakePattern.all.map { "\($0.name)" })
  func payloads(name: String) throws {
    let pattern = try HandshakePattern(named: name)
    #expect(pattern.payloadSecurity == Derivation(pattern).payloads(), "\(name)")
  }

  @Test("Identity hiding follows from the tokens", arguments: HandshakePattern.all.map { "\($0.name)" })
  func identities(name: String) throws {
    let pattern = try HandshakePattern(named: name)
    let grades = try #require(pattern.identityHiding)
    #expect(grades.initiator == Derivation(pattern).initiatorHiding(), "\(name)")
    #expect(grades.responder == Derivation(pattern).responderHiding(), "\(name)")
  }

  @Test("A psk changes no grade; other patterns have none")
  func others() throws {
    let psk = try HandshakePattern(named: "IKpsk2")
    #expect(psk.payloadSecurity == HandshakePattern.IK.payloadSecurity)
    #expect(try HandshakePattern(named: "XXfallback").payloadSecurity == nil)
    let impostor = try HandshakePattern(text: "NN:\n-> e\n<- e, ee\n-> s")
    #expect(impostor.payloadSecurity == nil && impostor.identityHiding == nil)
  }
}

/// The definitions of sections 7.7 and 7.8. Tokens are seen from the initiator, as patterns are written.
private struct Derivation {
  let pattern: HandshakePattern

  init(_ pattern: HandshakePattern) { self.pattern = pattern }

  func payloads() -> [PayloadSecurity] {
    var done: Set<Token> = []
    var rows: [PayloadSecurity] = []
    // What the other party's last payload told about its sender: it decides how sure this one's sender is of the key.
    var received = 0
    let transports = pattern.isOneWay ? 0 : 6
    for index in 0..<(pattern.messageCount + transports) {
      if index < pattern.messageCount { done.formUnion(tokens(index)) }
      let isInitiator = index.isMultiple(of: 2)
      let senderStatic: Token = isInitiator ? .se : .es
      let recipientStatic: Token = isInitiator ? .es : .se
      let source = done.contains(senderStatic) ? 2 : done.contains(.ss) ? 1 : 0
      let knowsRecipient = done.contains(recipientStatic) || done.contains(.ss)
      let destination = done.contains(.ee) ? (knowsRecipient ? 3 + received : 1) : knowsRecipient ? 2 : 0
      rows.append(PayloadSecurity(source: source, destination: destination))
      received = source
    }
    // A transport row that repeats the same party's row before it is not listed.
    while rows.count > pattern.messageCount, rows.last == rows[rows.count - 3] { rows.removeLast() }
    return rows
  }

  func initiatorHiding() -> IdentityHiding {
    guard pattern.needsStatic(.initiator) else { return .noStaticKey }
    if let done = tokensBeforeStatic(of: 0) {
      if !done.contains(.ee) { return .property(done.contains(.es) ? 4 : 0) }
      return .property(done.contains(.es) ? 8 : 2)
    }
    if tokens(0).contains(.ss) { return .property(5) }
    return tokens(1).contains(.se) ? .property(7) : .unlisted
  }

  func responderHiding() -> IdentityHiding {
    guard pattern.needsStatic(.responder) else { return .noStaticKey }
    if let done = tokensBeforeStatic(of: 1) { return .property(done.contains(.se) ? 6 : 1) }
    guard tokens(0).contains(.es) else { return .property(9) }
    // The first thing encrypted is under `es` alone, unless both static keys are in the key before it.
    return .property(tokens(0).contains(.ss) && !tokens(0).contains(.s) ? 5 : 3)
  }

  private func tokens(_ index: Int) -> [Token] {
    var tokens: [Token] = []
    var rest = pattern.message(index)
    while let token = rest.popFirst() { tokens.append(token) }
    return tokens
  }

  /// The tokens processed when the party of parity `parity` sends its static key; nil when it never does.
  private func tokensBeforeStatic(of parity: Int) -> Set<Token>? {
    var done: Set<Token> = []
    for index in 0..<pattern.messageCount {
      for token in tokens(index) {
        if token == .s && index % 2 == parity { return done }
        done.insert(token)
      }
    }
    return nil
  }
}
