// SPDX-License-Identifier: Apache-2.0

import Noise
import CountersignCrypto
import Testing

@Suite("Bugs of others: rekey and replay")
struct TransportRegressions {
  @Test("Rekey keeps n, and touches one direction only")
  func rekeyKeepsNonce() throws {
    let initiatorKey = X25519.PrivateKey.random()
    let responderKey = X25519.PrivateKey.random()
    var parties = try Parties<Cipher.ChaChaPoly, Hash.SHA256>(
      .XX, initiatorKey: initiatorKey, responderKey: responderKey)
    try parties.finish()
    var alice = TransportState<Cipher.ChaChaPoly>()
    var bob = TransportState<Cipher.ChaChaPoly>()
    try parties.initiator.split(sending: &alice.sending, receiving: &alice.receiving)
    try parties.responder.split(sending: &bob.sending, receiving: &bob.receiving)
    for _ in 0..<3 { _ = try bob.receiving.decrypt(try alice.sending.encrypt([1])) }
    let underOldKey = try alice.sending.encrypt([2])

    try alice.sending.rekey()
    #expect(alice.sending.nonce == 4 && alice.receiving.nonce == 0)
    try bob.receiving.rekey()
    #expect(bob.receiving.nonce == 3)
    #expect(throws: NoiseError.decryptionFailed) { try bob.receiving.decrypt(underOldKey) }

    // Both ends count on from where they were, and the other direction still has its first key.
    bob.receiving.nonce = 4
    #expect(try bob.receiving.decrypt(try alice.sending.encrypt([3])) == [3])
    #expect(bob.receiving.nonce == 5)
    #expect(try alice.receiving.decrypt(try bob.sending.encrypt([4])) == [4])
    for _ in 0..<10 {
      try alice.sending.rekey()
      try bob.receiving.rekey()
    }
    #expect(try bob.receiving.decrypt(try alice.sending.encrypt([5])) == [5])
  }

  @Test("Rekey is REKEY of the specification, not a key of its own making")
  func rekeyFunction() throws {
    let key = [UInt8](0..<32)
    var state = CipherState<Cipher.ChaChaPoly>(key: try SecretBytes<32>(copying: key))
    try state.rekey()
    var block = [UInt8](repeating: 0, count: 48)
    var bytes = block.mutableBytes
    Cipher.ChaChaPoly.seal(inPlace: &bytes, key: key.bytes, nonce: .max, authenticating: RawSpan())
    var expected = CipherState<Cipher.ChaChaPoly>(key: try SecretBytes<32>(copying: Array(block.prefix(32))))
    #expect(try state.encrypt([1, 2]) == expected.encrypt([1, 2]))
  }

  @Test("A state without a key refuses to rekey, to seal and to open: it never passes plaintext through")
  func keylessRefuses() {
    var state = CipherState<Cipher.ChaChaPoly>()
    #expect(throws: NoiseError.outOfTurn) { try state.rekey() }
    #expect(throws: NoiseError.outOfTurn) { try state.encrypt([1]) }
    #expect(throws: NoiseError.outOfTurn) { try state.decrypt([UInt8](repeating: 0, count: 20)) }
  }

  /// A datagram of `transport`, and what another makes of one.
  private func seal(_ transport: inout DatagramTransport<Cipher.ChaChaPoly>, _ payload: [UInt8]) throws -> [UInt8] {
    var datagram = [UInt8](repeating: 0, count: payload.count + 24)
    var bytes = datagram.mutableBytes
    _ = try transport.seal(payload.bytes, into: &bytes)
    return datagram
  }

  private func open(_ transport: inout DatagramTransport<Cipher.ChaChaPoly>, _ datagram: [UInt8]) throws -> [UInt8] {
    var payload = [UInt8](repeating: 0, count: max(datagram.count - 24, 0))
    var bytes = payload.mutableBytes
    _ = try transport.open(datagram.bytes, into: &bytes)
    return payload
  }

  @Test("The replay window moves only after the tag has verified, and is at least 2,048 wide")
  func windowMovesAfterTheTag() throws {
    let key = SecretBytes<32>.random()
    var sender = DatagramTransport<Cipher.ChaChaPoly>()
    sender.sending = CipherState(key: key)
    var receiver = DatagramTransport<Cipher.ChaChaPoly>()
    receiver.receiving = CipherState(key: key)

    var datagrams: [[UInt8]] = []
    for number in 0..<2_100 { datagrams.append(try seal(&sender, [UInt8(number & 255)])) }
    #expect(try open(&receiver, datagrams[0]) == [0])

    // Forgeries far ahead, which would push everything out of a window that believed them.
    for counter: UInt64 in [5_000, 1 << 40, .max - 1] {
      var forged = datagrams[1]
      withUnsafeBytes(of: counter.bigEndian) { forged.replaceSubrange(0..<8, with: $0) }
      #expect(throws: NoiseError.decryptionFailed) { try open(&receiver, forged) }
    }
    var reserved = datagrams[1]
    reserved.replaceSubrange(0..<8, with: repeatElement(0xFF, count: 8))
    #expect(throws: NoiseError.self) { try open(&receiver, reserved) }

    // A forgery under a genuine counter does not use that counter up.
    var forged = datagrams[1]
    forged[10] ^= 1
    #expect(throws: NoiseError.decryptionFailed) { try open(&receiver, forged) }
    #expect(try open(&receiver, datagrams[1]) == [1])

    // The newest first: 2,048 counters behind it are still told apart, each once, in any order.
    let newest = 2_099
    #expect(try open(&receiver, datagrams[newest]) == [UInt8(newest & 255)])
    for number in (newest - 2_047..<newest).reversed() {
      #expect(try open(&receiver, datagrams[number]) == [UInt8(number & 255)])
    }
    for number in newest - 2_047...newest {
      #expect(throws: NoiseError.replayed) { try open(&receiver, datagrams[number]) }
    }
  }
}
