// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto

/// Writing and reading handshake messages (specification, section 5.3).
extension HandshakeMachine where K: ~Copyable {
  /// How many bytes the next message has beyond its payload.
  @inlinable
  public var nextMessageOverhead: Int {
    guard phase == .running else { return 0 }
    var isEncrypted = symmetric.cipher.hasKey
    var length = 0
    var tokens = pattern.messages[messageIndex]
    while let token = tokens.popFirst() {
      switch token {
      case .e:
        length += X25519.keyLength
        if pattern.pskPositions != 0 { isEncrypted = true }
      case .s: length += pattern.staticFieldLength + (isEncrypted ? tagLength : 0)
      case .e1 where K.isPresent, .ekem1 where K.isPresent:
        length += kemFieldLength(token, isEncrypted: isEncrypted)
        isEncrypted = isEncrypted || token == .ekem1
      default: isEncrypted = true
      }
    }
    return length + (isEncrypted ? tagLength : 0)
  }

  /// WriteMessage: writes the next message with `payload` to the start of `message` and returns its length.
  @inlinable
  public mutating func writeMessage(
    _ payload: RawSpan = RawSpan(), into message: inout MutableRawSpan
  ) throws(NoiseError) -> Int {
    try writeMessage(payloadLength: payload.byteCount, into: &message) { copyBytes(payload, to: &$0) }
  }

  /// WriteMessage for a payload that the caller writes in place, where it is encrypted; it needs no second buffer.
  ///
  /// - Parameter fill: called once with the place of the payload, of exactly `payloadLength` bytes.
  @inlinable
  public mutating func writeMessage(
    payloadLength: Int, into message: inout MutableRawSpan, fill: (inout MutableRawSpan) -> Void
  ) throws(NoiseError) -> Int {
    try writeMessage(payloadLength: payloadLength, credential: RawSpan(), into: &message, fill: fill)
  }

  /// ``writeMessage(payloadLength:into:fill:)`` of a pattern with the modifier `implicit`.
  ///
  /// - Parameter credential: what the token `s` sends in place of the local static key.
  /// - Throws: ``NoiseError/Key/localCredential`` is missing when it does not have the pattern's length.
  @inlinable
  public mutating func writeMessage(
    payloadLength: Int, credential: RawSpan, into message: inout MutableRawSpan, fill: (inout MutableRawSpan) -> Void
  ) throws(NoiseError) -> Int {
    guard isMyTurn else { throw .outOfTurn }
    if pattern.isImplicit && pattern.messages[messageIndex].contains(.s) {
      guard credential.byteCount == pattern.staticFieldLength else { throw .missingKey(.localCredential) }
    }
    guard payloadLength >= 0, payloadLength <= CipherState<C>.maximumMessageLength else { throw .messageTooLong }
    let length = nextMessageOverhead + payloadLength
    guard length <= CipherState<C>.maximumMessageLength else { throw .messageTooLong }
    guard message.byteCount >= length else { throw .bufferTooSmall(needed: length) }

    var checkpoint = SymmetricState<C, H>()
    defer { checkpoint.wipe() }
    checkpoint.copy(from: symmetric)
    do {
      let offset = try writeTokens(credential: credential, into: &message)
      var place = message.suffix(from: offset)
      var plaintext = place.prefix(payloadLength)
      fill(&plaintext)
      try symmetric.encryptAndHash(inPlace: &place, count: payloadLength)
    } catch {
      symmetric.copy(from: checkpoint)
      if pattern.messages[messageIndex].contains(.e) && !ephemeralIsFixed {
        e.clear()
        hasE = false
      }
      if K.isPresent && pattern.messages[messageIndex].contains(.e1) { kem.forget() }
      throw error
    }
    advance()
    return length
  }

  /// ReadMessage: verifies the next message, writes its payload to the start of `payload` and returns the payload's length.
  ///
  /// - Throws: why the message was refused; the right message can still be read.
  @inlinable
  public mutating func readMessage(_ message: RawSpan, into payload: inout MutableRawSpan) throws(NoiseError) -> Int {
    try readUndoing(message, into: &payload) { _, _ throws(NoiseError) in }
  }

  /// ReadMessage for a party that learns from the message who its peer is.
  ///
  /// - Parameter resolving: called as soon as the message has shown the peer's static key, before anything depends on the
  ///   peer's pre-shared key. It may look the peer up, set its secrets, or throw to refuse it. The key is the sender's claim
  ///   until the whole message has been read.
  /// - Throws: what `resolving` threw, or why the message was refused; the right message can still be read.
  @inlinable
  public mutating func readMessage(
    _ message: RawSpan, into payload: inout MutableRawSpan,
    resolving: (X25519.PublicKey, inout PeerSecrets) throws(NoiseError) -> Void
  ) throws(NoiseError) -> Int {
    var oldPeer = PeerSecrets()
    defer { oldPeer.wipe() }
    oldPeer.copy(from: peer)
    do {
      return try readUndoing(message, into: &payload, resolving: resolving)
    } catch {
      peer.copy(from: oldPeer)
      throw error
    }
  }

  /// Reads a message; if it is refused, everything is as it was except what `resolving` did.
  @inlinable
  mutating func readUndoing(
    _ message: RawSpan, into payload: inout MutableRawSpan,
    resolving: (X25519.PublicKey, inout PeerSecrets) throws(NoiseError) -> Void
  ) throws(NoiseError) -> Int {
    try readMessage(
      message, into: &payload, reconstructing: { _ throws(NoiseError) in throw .peerRefused }, resolving: resolving)
  }

  /// ``readMessage(_:into:resolving:)`` of a pattern with the modifier `implicit`.
  ///
  /// - Parameter reconstructing: called with the peer's credential, of the pattern's length; it returns the static public key
  ///   that the credential leads to, or throws to refuse it. The credential is a claim until the message has been read.
  @inlinable
  public mutating func readMessage(
    _ message: RawSpan, into payload: inout MutableRawSpan,
    reconstructing: (RawSpan) throws(NoiseError) -> X25519.PublicKey,
    resolving: (X25519.PublicKey, inout PeerSecrets) throws(NoiseError) -> Void = { _, _ throws(NoiseError) in }
  ) throws(NoiseError) -> Int {
    guard phase == .running, !isMyTurn else { throw .outOfTurn }
    guard message.byteCount <= CipherState<C>.maximumMessageLength else { throw .messageTooLong }
    let length = message.byteCount - nextMessageOverhead
    guard length >= 0 else { throw .messageTooShort }
    guard payload.byteCount >= length else { throw .bufferTooSmall(needed: length) }

    var checkpoint = SymmetricState<C, H>()
    defer { checkpoint.wipe() }
    checkpoint.copy(from: symmetric)
    let oldRE = re
    let oldRS = rs
    do {
      try readTokens(message, into: &payload, reconstructing: reconstructing, resolving: resolving)
    } catch {
      symmetric.copy(from: checkpoint)
      re = oldRE
      rs = oldRS
      if K.isPresent && pattern.messages[messageIndex].contains(.e1) { kem.forget() }
      throw error
    }
    advance()
    return length
  }

  @inlinable
  mutating func writeTokens(
    credential: RawSpan, into message: inout MutableRawSpan
  ) throws(NoiseError) -> Int {
    var offset = 0
    var psk = messageIndex == 0 && pattern.hasPSK(at: 0) ? 0 : messageIndex + 1
    var tokens = pattern.messages[messageIndex]
    while let token = tokens.popFirst() {
      switch token {
      case .e:
        if !ephemeralIsFixed { e.generate() }
        hasE = true
        copyBytes(e.publicKey.bytes, to: &message, at: offset)
        offset += X25519.keyLength
        mixEphemeral(e.publicKey)
      case .s:
        var rest = message.suffix(from: offset)
        if pattern.isImplicit {
          offset += try symmetric.encryptAndHash(credential, into: &rest)
        } else {
          offset += try symmetric.encryptAndHash(s.publicKey.bytes, into: &rest)
        }
      case .psk:
        try mixPSK(at: &psk)
      case .e1 where K.isPresent, .ekem1 where K.isPresent:
        offset = try writeKEM(token, into: &message, at: offset)
      default:
        // A Diffie-Hellman: `start` has refused a pattern with the tokens of a KEM where there is none.
        try mixDH(token)
      }
    }
    return offset
  }

  @inlinable
  mutating func readTokens(
    _ message: RawSpan, into payload: inout MutableRawSpan,
    reconstructing: (RawSpan) throws(NoiseError) -> X25519.PublicKey,
    resolving: (X25519.PublicKey, inout PeerSecrets) throws(NoiseError) -> Void
  ) throws(NoiseError) {
    var offset = 0
    var psk = messageIndex == 0 && pattern.hasPSK(at: 0) ? 0 : messageIndex + 1
    var tokens = pattern.messages[messageIndex]
    while let token = tokens.popFirst() {
      switch token {
      case .e:
        var key = X25519.PublicKey()
        var bytes = key.mutableBytes
        copyBytes(message.extracting(offset..<offset + X25519.keyLength), to: &bytes)
        re = key
        offset += X25519.keyLength
        mixEphemeral(key)
      case .s:
        let length = pattern.staticFieldLength + (symmetric.cipher.hasKey ? tagLength : 0)
        let key = try readStatic(message.extracting(offset..<offset + length), reconstructing)
        rs = key
        offset += length
        try resolving(key, &peer)
        if let position = peer.firstPSK(outside: pattern.pskPositions) { throw .surplusKey(.psk(position)) }
      case .psk:
        try mixPSK(at: &psk)
      case .e1 where K.isPresent, .ekem1 where K.isPresent:
        offset = try readKEM(token, message, at: offset)
      default:
        try mixDH(token)
      }
    }
    _ = try symmetric.decryptAndHash(message.extracting(offset...), into: &payload)
  }

  @inlinable @inline(never)
  mutating func readStatic(
    _ field: RawSpan, _ reconstructing: (RawSpan) throws(NoiseError) -> X25519.PublicKey
  ) throws(NoiseError) -> X25519.PublicKey {
    guard !pattern.isImplicit else { return try readCredential(field, reconstructing) }
    var key = X25519.PublicKey()
    var bytes = key.mutableBytes
    _ = try symmetric.decryptAndHash(field, into: &bytes)
    return key
  }

  @inlinable @inline(never)
  mutating func readCredential(
    _ field: RawSpan, _ reconstructing: (RawSpan) throws(NoiseError) -> X25519.PublicKey
  ) throws(NoiseError) -> X25519.PublicKey {
    var credential = Bytes<128>()
    var bytes = credential.mutableBytes
    guard pattern.staticFieldLength <= bytes.byteCount else { throw .messageTooLong }
    let length = try symmetric.decryptAndHash(field, into: &bytes)
    return try reconstructing(credential.bytes.extracting(0..<length))
  }

  @inlinable
  mutating func mixEphemeral(_ key: X25519.PublicKey) {
    symmetric.mixHash(key.bytes)
    // In a pattern with a psk the ephemeral key is mixed twice (section 9.2).
    if pattern.pskPositions != 0 { symmetric.mixKey(key.bytes) }
  }

  @inlinable @inline(never)
  mutating func mixPSK(at position: inout Int) throws(NoiseError) {
    guard peer.hasPSK(at: position) else { throw .missingKey(.psk(position)) }
    symmetric.mixKeyAndHash(peer.psk(at: position))
    position = messageIndex + 1
  }

  @inlinable
  mutating func mixDH(_ token: Token) throws(NoiseError) {
    if token == .ss && peer.hasStaticStatic {
      symmetric.mixKey(peer.staticStatic.bytes)
      return
    }
    // `es` names the initiator's key first; seen from the responder the letters change places.
    let seen = role == .initiator ? token : token.mirrored
    let isLocalStatic = seen == .se || seen == .ss
    let isRemoteStatic = seen == .es || seen == .ss
    guard let remote = isRemoteStatic ? rs : re else {
      throw .missingKey(isRemoteStatic ? .remoteStatic : .remoteEphemeral)
    }
    guard isLocalStatic ? hasS : hasE else {
      throw .missingKey(isLocalStatic ? .localStatic : .localEphemeral)
    }
    var shared = SecretBytes<32>()
    defer { shared.wipe() }
    do {
      if isLocalStatic {
        try s.agree(with: remote, into: &shared)
      } else {
        try e.agree(with: remote, into: &shared)
      }
    } catch { throw .lowOrderPoint }
    symmetric.mixKey(shared.bytes)
  }

  @inlinable
  mutating func advance() {
    index += 1
    if index == pattern.messageCount { phase = .finished }
  }
}
