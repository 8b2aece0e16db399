// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto

/// Setting a handshake's keys, and refusing a set that does not fit its pattern.
///
/// Set all keys but a deferred psk before ``start(prologue:)``; setting them later is a programming error and traps.
extension HandshakeMachine where K: ~Copyable {
  /// Sets the local static key. The copy in this state is wiped when the handshake ends.
  @inlinable
  public mutating func setStatic(_ key: borrowing X25519.PrivateKey) {
    precondition(phase == .collectingKeys, "keys are given before the handshake starts")
    s.copy(from: key)
    hasS = true
  }

  /// Sets the peer's static key, if the pattern requires it beforehand.
  @inlinable
  public mutating func setRemoteStatic(_ key: X25519.PublicKey) {
    precondition(phase == .collectingKeys, "keys are given before the handshake starts")
    rs = key
  }

  /// Sets the key of the modifier `psk<position>`.
  @inlinable
  public mutating func setPSK(_ key: borrowing SecretBytes<32>, at position: Int) throws(NoiseError) {
    guard pattern.hasPSK(at: position) else { throw .surplusKey(.psk(position)) }
    try peer.setPSK(key, at: position)
  }

  /// Promises that the key of `psk<position>` comes later: from the closure of
  /// ``readMessage(_:into:resolving:)``, or by ``setPSK(_:at:)`` before the message that needs it.
  @inlinable
  public mutating func deferPSK(at position: Int) throws(NoiseError) {
    guard pattern.hasPSK(at: position) else { throw .surplusKey(.psk(position)) }
    deferredPSKs |= 1 << UInt8(position)
  }

  /// Sets DH(s, rs), if it is cached for this peer.
  @inlinable
  public mutating func setStaticSharedSecret(_ shared: borrowing SecretBytes<32>) {
    peer.setStaticSharedSecret(shared)
  }

  /// Gives the ephemeral key that this handshake sends, where it was made ahead, and takes it away from its place: two handshakes with
  /// one ephemeral key break both. Whoever knew it before knows what only ephemeral keys keep secret.
  @inlinable
  public mutating func takeEphemeral(_ key: inout X25519.PrivateKey) {
    precondition(phase == .collectingKeys, "keys are given before the handshake starts")
    e.copy(from: key)
    key.clear()
    hasE = true
    ephemeralIsFixed = true
  }

  /// Sets the ephemeral key instead of drawing it. Two handshakes with one ephemeral key break both: for test vectors only.
  @_spi(Testing)
  public mutating func setEphemeral(_ key: borrowing X25519.PrivateKey) {
    precondition(phase == .collectingKeys, "keys are given before the handshake starts")
    e.copy(from: key)
    hasE = true
    ephemeralIsFixed = true
  }

  /// Sets the peer's ephemeral key, if the pattern has it in a pre-message (`fallback`).
  @inlinable
  public mutating func setRemoteEphemeral(_ key: X25519.PublicKey) {
    precondition(phase == .collectingKeys, "keys are given before the handshake starts")
    re = key
  }

  /// Checks the keys, then hashes the protocol name, the prologue and the pre-messages (Initialize, section 5.3).
  ///
  /// - Throws: ``NoiseError/missingKey(_:)`` or ``NoiseError/surplusKey(_:)``; keys can still be set afterwards.
  ///   ``NoiseError/invalidPattern(_:)`` when the pattern has the modifier `hfs` and this state no KEM, or the other way round.
  @inlinable
  public mutating func start(prologue: RawSpan = RawSpan()) throws(NoiseError) {
    guard phase == .collectingKeys else { throw .outOfTurn }
    guard pattern.isHybrid == K.isPresent else { throw .invalidPattern(.kem) }
    try checkKeys()
    symmetric.initialize(pattern: pattern.name, K.self)
    symmetric.mixHash(prologue)
    hashPreMessage(pattern.initiatorPreMessage, of: .initiator)
    hashPreMessage(pattern.responderPreMessage, of: .responder)
    phase = .running
  }

  @inlinable
  mutating func hashPreMessage(_ tokens: TokenSequence, of owner: Role) {
    var rest = tokens
    while let token = rest.popFirst() {
      let key =
        token == .e
        ? (owner == role ? e.publicKey : re ?? X25519.PublicKey())
        : (owner == role ? s.publicKey : rs ?? X25519.PublicKey())
      symmetric.mixHash(key.bytes)
      if token == .e && pattern.pskPositions != 0 { symmetric.mixKey(key.bytes) }
    }
  }

  @inlinable
  func checkKeys() throws(NoiseError) {
    try check(hasS, against: pattern.needsStatic(role), .localStatic)
    try check(rs != nil, against: pattern.needsRemoteStatic(role), .remoteStatic)
    try check(re != nil, against: pattern.needsRemoteEphemeral(role), .remoteEphemeral)
    // An ephemeral key that is sent may be given (by a test); one of a pre-message must be.
    let needsEphemeral = pattern.needsEphemeral(role)
    if needsEphemeral || !pattern.sends(.e, by: role) { try check(hasE, against: needsEphemeral, .localEphemeral) }
    if peer.hasStaticStatic && !pattern.usesStaticStatic { throw .surplusKey(.staticSharedSecret) }
    for position in 0..<HandshakePattern.maximumPSKCount where pattern.hasPSK(at: position) {
      guard peer.hasPSK(at: position) || deferredPSKs & (1 << UInt8(position)) != 0 else {
        throw .missingKey(.psk(position))
      }
    }
  }

  @inlinable
  func check(_ isGiven: Bool, against isNeeded: Bool, _ key: NoiseError.Key) throws(NoiseError) {
    if isNeeded && !isGiven { throw .missingKey(key) }
    if !isNeeded && isGiven { throw .surplusKey(key) }
  }
}
