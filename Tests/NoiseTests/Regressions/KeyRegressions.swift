// SPDX-License-Identifier: Apache-2.0

import Noise
import CountersignCrypto
import Testing

@Suite("Bugs of others: keys")
struct KeyRegressions {
  private func state(_ pattern: HandshakePattern, _ role: Role) -> HandshakeState<Cipher.ChaChaPoly, Hash.SHA256> {
    HandshakeState(pattern, role: role)
  }

  @Test("A missing psk does not silently become a plain pattern")
  func missingPSK() throws {
    for (pattern, position) in [(try HandshakePattern.NN.psk(0), 0), (try .IK.psk(2), 2), (try .XX.psk(3), 3)] {
      for role in [Role.initiator, .responder] {
        var handshake = state(pattern, role)
        if pattern.message(0).contains(.s) || pattern.messageCount == 3 || !pattern.responderPreMessage.isEmpty {
          handshake.setStatic(.random())
        }
        if role == .initiator && pattern.responderPreMessage.contains(.s) {
          handshake.setRemoteStatic(X25519.PrivateKey.random().publicKey)
        }
        #expect(throws: NoiseError.missingKey(.psk(position))) { try handshake.start() }
        // The same state starts once it has its key.
        try handshake.setPSK(.random(), at: position)
        try handshake.start()
      }
    }
  }

  @Test("A psk that the pattern has no place for is refused")
  func surplusPSK() throws {
    var plain = state(.NN, .initiator)
    #expect(throws: NoiseError.surplusKey(.psk(0))) { try plain.setPSK(.random(), at: 0) }
    #expect(throws: NoiseError.surplusKey(.psk(0))) { try plain.deferPSK(at: 0) }
    var psk0 = state(try .NN.psk(0), .initiator)
    for position in [-1, 1, 2, 4, 5, 7, 8, 64, Int.max] {
      #expect(throws: NoiseError.surplusKey(.psk(position))) { try psk0.setPSK(.random(), at: position) }
    }
  }

  @Test("A deferred psk that never came stops the handshake, and comes late without harm")
  func deferredPSKNeverCame() throws {
    let key = X25519.PrivateKey.random()
    var initiator = state(try .NK.psk(2), .initiator)
    initiator.setRemoteStatic(key.publicKey)
    try initiator.setPSK(try SecretBytes<32>(copying: [UInt8](repeating: 5, count: 32)), at: 2)
    try initiator.start()
    var responder = state(try .NK.psk(2), .responder)
    responder.setStatic(key)
    try responder.deferPSK(at: 2)
    try responder.start()
    _ = try responder.readMessage(try initiator.writeMessage([]))
    #expect(throws: NoiseError.missingKey(.psk(2))) { try responder.writeMessage([]) }
    try responder.setPSK(try SecretBytes<32>(copying: [UInt8](repeating: 5, count: 32)), at: 2)
    _ = try initiator.readMessage(try responder.writeMessage([]))
    #expect(initiator.isFinished && responder.isFinished)
  }

  @Test("Missing and surplus static keys are refused when the state is made")
  func staticKeys() throws {
    var noStatic = state(.IK, .responder)
    #expect(throws: NoiseError.missingKey(.localStatic)) { try noStatic.start() }
    var noRemote = state(.IK, .initiator)
    noRemote.setStatic(.random())
    #expect(throws: NoiseError.missingKey(.remoteStatic)) { try noRemote.start() }
    var surplusStatic = state(.NN, .initiator)
    surplusStatic.setStatic(.random())
    #expect(throws: NoiseError.surplusKey(.localStatic)) { try surplusStatic.start() }
    var surplusRemote = state(.XX, .initiator)
    surplusRemote.setStatic(.random())
    surplusRemote.setRemoteStatic(X25519.PrivateKey.random().publicKey)
    #expect(throws: NoiseError.surplusKey(.remoteStatic)) { try surplusRemote.start() }
    var surplusEphemeral = state(.XX, .responder)
    surplusEphemeral.setStatic(.random())
    surplusEphemeral.setRemoteEphemeral(X25519.PrivateKey.random().publicKey)
    #expect(throws: NoiseError.surplusKey(.remoteEphemeral)) { try surplusEphemeral.start() }
  }

  @Test("The psk validity rule: nothing is encrypted after a psk by a party without an ephemeral key")
  func pskValidityRule() throws {
    let fault = NoiseError.invalidPattern(.pskWithoutEphemeral)
    // The responder answers under the psk alone.
    #expect(throws: fault) { try HandshakePattern("A", .init(.e), .init(.s)).psk(1).validate() }
    #expect(throws: fault) { try HandshakePattern("B", .init(.e), .init(.s)).psk(0).validate() }
    // The initiator encrypts its payload, or its static key, under the psk before its ephemeral key.
    #expect(throws: fault) { try HandshakePattern("C", .init(.s), .init(.e)).psk(0).validate() }
    #expect(throws: fault) { try HandshakePattern("D", .init(.s, .e), .init(.e, .ee)).psk(0).validate() }
    // And the rule refuses nothing more than that.
    for position in 0...2 { try HandshakePattern.NN.psk(position).validate() }
    for position in 0...3 { try HandshakePattern.XX.psk(position).validate() }
    try HandshakePattern.N.psk(0).validate()
    try HandshakePattern.X.psk(1).validate()
  }
}
