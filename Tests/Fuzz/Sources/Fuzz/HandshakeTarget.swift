// SPDX-License-Identifier: Apache-2.0

@_spi(Testing) import Noise
import CountersignCrypto

/// Reading handshake messages, in every pattern with every psk that fits, with and without a KEM, by both parties, at every message.
///
/// The input chooses the pattern, the modifiers and how far a genuine handshake goes; then the fuzzed bytes arrive in place of
/// the next message, or the genuine message with fuzzed bytes laid over it. A refused message must leave the state as it was, and
/// the genuine one must then be read.
func fuzzHandshake(_ span: RawSpan) {
  var input = Input(span)
  let patterns = HandshakePattern.all
  var pattern = patterns[Int(input.byte()) % patterns.count]
  let modifiers = input.byte()
  if modifiers & 0x80 != 0, let hybrid = try? pattern.hfs() { pattern = hybrid }
  for position in 0...pattern.messageCount where modifiers & (1 << UInt8(position)) != 0 {
    pattern = (try? pattern.psk(position)) ?? pattern
  }
  switch input.byte() & 3 {
  case 0 where pattern.isHybrid: readHandshake(pattern, &input, Hash.SHA256.self, MLKEM768State.self)
  case _ where pattern.isHybrid: readHandshake(pattern, &input, Hash.BLAKE2b.self, MLKEM768State.self)
  case 0: readHandshake(pattern, &input, Hash.SHA256.self, NoKEM.self)
  case 1: readHandshake(pattern, &input, Hash.SHA512.self, NoKEM.self)
  case 2: readHandshake(pattern, &input, Hash.BLAKE2s.self, NoKEM.self)
  default: readHandshake(pattern, &input, Hash.BLAKE2b.self, NoKEM.self)
  }
}

private func readHandshake<H: Hash.Function, K: KEM & ~Copyable>(
  _ pattern: HandshakePattern, _ input: inout Input, _: H.Type, _: K.Type
) {
  var initiator = HandshakeMachine<Cipher.ChaChaPoly, H, K>(pattern, role: .initiator)
  var responder = HandshakeMachine<Cipher.ChaChaPoly, H, K>(pattern, role: .responder)
  do {
    try Keys.give(&initiator, Keys.initiator, peer: Keys.responder)
    try Keys.give(&responder, Keys.responder, peer: Keys.initiator)
    try initiator.start()
    try responder.start()
  } catch {
    fatalError("a valid pattern with its keys does not start")
  }
  let target = Int(input.byte()) % pattern.messageCount
  for index in 0...target {
    let isInitiator = index & 1 == 0
    do {
      let genuine = isInitiator ? try initiator.writeMessage([]) : try responder.writeMessage([])
      if index == target {
        let fuzzed = arrival(genuine, &input)
        let isRead = isInitiator ? tryToRead(&responder, fuzzed) : tryToRead(&initiator, fuzzed)
        if isRead { return }
      }
      let payload = isInitiator ? try responder.readMessage(genuine) : try initiator.readMessage(genuine)
      require(payload.isEmpty, "the genuine message is read as it was written")
    } catch {
      fatalError("a genuine message is refused")
    }
  }
}

/// What arrives: any bytes, or the genuine message with some of its bytes changed and its length too.
private func arrival(_ genuine: [UInt8], _ input: inout Input) -> [UInt8] {
  if input.byte() & 1 == 0 { return input.takeRest() }
  var message = genuine
  let offset = Int(input.byte()) % (message.count + 1)
  for (index, byte) in input.takeRest().enumerated() {
    if offset + index < message.count {
      message[offset + index] ^= byte
    } else {
      message.append(byte)
    }
  }
  return message
}

private func tryToRead<H: Hash.Function, K: KEM & ~Copyable>(
  _ state: inout HandshakeMachine<Cipher.ChaChaPoly, H, K>, _ message: [UInt8]
) -> Bool {
  let before = withUnsafeBytes(of: &state) { [UInt8]($0) }
  do {
    _ = try state.readMessage(message)
    return true
  } catch {
    let after = withUnsafeBytes(of: &state) { [UInt8]($0) }
    require(before == after, "a refused message leaves the state byte for byte as it was")
    return false
  }
}

/// Long-term keys that are made once: making them is most of what a run would else do.
enum Keys {
  static let initiator = X25519.PrivateKey.random()
  static let responder = X25519.PrivateKey.random()
  static let psk = SecretBytes<32>.random()

  static func give<H: Hash.Function, K: KEM & ~Copyable>(
    _ state: inout HandshakeMachine<Cipher.ChaChaPoly, H, K>, _ key: borrowing X25519.PrivateKey,
    peer: borrowing X25519.PrivateKey
  ) throws(NoiseError) {
    let pattern = state.pattern
    let parity = state.role == .initiator ? 0 : 1
    let mine = parity == 0 ? pattern.initiatorPreMessage : pattern.responderPreMessage
    let theirs = parity == 0 ? pattern.responderPreMessage : pattern.initiatorPreMessage
    let sends = (0..<pattern.messageCount).contains { $0 & 1 == parity && pattern.message($0).contains(.s) }
    if sends || mine.contains(.s) { state.setStatic(key) }
    if theirs.contains(.s) { state.setRemoteStatic(peer.publicKey) }
    for position in 0..<HandshakePattern.maximumPSKCount where pattern.hasPSK(at: position) {
      try state.setPSK(psk, at: position)
    }
  }
}
