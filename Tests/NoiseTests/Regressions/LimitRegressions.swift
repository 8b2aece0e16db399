// SPDX-License-Identifier: Apache-2.0

import Noise
import CountersignCrypto
import Testing

@Suite("Bugs of others: the limit of 65,535 bytes and the nonce")
struct LimitRegressions {
  private func pair() throws -> TransportState<Cipher.ChaChaPoly> {
    let key = SecretBytes<32>.random()
    var pair = TransportState<Cipher.ChaChaPoly>()
    pair.sending = CipherState(key: key)
    pair.receiving = CipherState(key: key)
    return pair
  }

  @Test("A transport message of more than 65,535 bytes is neither emitted nor opened: the limit includes the tag")
  func transportLimit() throws {
    var pair = try pair()
    let largest = [UInt8](repeating: 1, count: 65_535 - tagLength)
    let message = try pair.sending.encrypt(largest)
    #expect(message.count == 65_535)
    #expect(try pair.receiving.decrypt(message) == largest)

    #expect(throws: NoiseError.messageTooLong) { try pair.sending.encrypt(largest + [1]) }
    #expect(throws: NoiseError.messageTooLong) { try pair.sending.encrypt([UInt8](repeating: 0, count: 65_535)) }
    var inPlace = [UInt8](repeating: 0, count: 65_536)
    var bytes = inPlace.mutableBytes
    #expect(throws: NoiseError.messageTooLong) { try pair.sending.encrypt(inPlace: &bytes) }
    #expect(throws: NoiseError.messageTooLong) { try pair.receiving.decrypt(inPlace: &bytes) }
    #expect(throws: NoiseError.messageTooLong) { try pair.receiving.decrypt([UInt8](repeating: 0, count: 65_536)) }
    // What was refused has cost no nonce.
    #expect(pair.sending.nonce == 1 && pair.receiving.nonce == 1)
  }

  @Test("A handshake message of more than 65,535 bytes is neither emitted nor read, and the handshake goes on")
  func handshakeLimit() throws {
    let initiatorKey = X25519.PrivateKey.random()
    let responderKey = X25519.PrivateKey.random()
    var parties = try Parties<Cipher.ChaChaPoly, Hash.SHA256>(
      .IK, initiatorKey: initiatorKey, responderKey: responderKey)
    let room = 65_535 - parties.initiator.nextMessageOverhead
    #expect(room == 65_535 - 96)
    let state = memory(&parties.initiator)
    #expect(throws: NoiseError.messageTooLong) {
      try parties.initiator.writeMessage([UInt8](repeating: 7, count: room + 1))
    }
    #expect(throws: NoiseError.messageTooLong) {
      try parties.initiator.writeMessage([UInt8](repeating: 7, count: 70_000))
    }
    #expect(memory(&parties.initiator) == state)
    #expect(throws: NoiseError.messageTooLong) {
      try parties.responder.readMessage([UInt8](repeating: 7, count: 65_536))
    }
    let payload = [UInt8](repeating: 7, count: room)
    let message = try parties.write(payload)
    #expect(message.count == 65_535)
    #expect(try parties.read(message) == payload)
    try parties.finish()
  }

  @Test("n = 2^64 - 1 is never used and n + 1 does not trap, sending and receiving")
  func nonceExhaustion() throws {
    var pair = try pair()
    pair.sending.nonce = .max - 1
    pair.receiving.nonce = .max - 1
    let last = try pair.sending.encrypt([1])
    #expect(try pair.receiving.decrypt(last) == [1])
    for _ in 0..<2 {
      #expect(throws: NoiseError.nonceExhausted) { try pair.sending.encrypt([2]) }
      #expect(throws: NoiseError.nonceExhausted) { try pair.receiving.decrypt(last) }
      #expect(pair.sending.nonce == .max && pair.receiving.nonce == .max)
    }
  }

  @Test("A failed decryption does not advance n")
  func failedDecryption() throws {
    var pair = try pair()
    let message = try pair.sending.encrypt([1, 2, 3])
    for position in message.indices {
      var forged = message
      forged[position] ^= 0x80
      #expect(throws: NoiseError.decryptionFailed) { try pair.receiving.decrypt(forged) }
      #expect(throws: NoiseError.decryptionFailed) {
        var bytes = forged.mutableBytes
        try pair.receiving.decrypt(inPlace: &bytes)
      }
    }
    for length in 0..<message.count {
      #expect(throws: NoiseError.self) { try pair.receiving.decrypt(Array(message.prefix(length))) }
    }
    #expect(pair.receiving.nonce == 0)
    #expect(try pair.receiving.decrypt(message) == [1, 2, 3])
    #expect(pair.receiving.nonce == 1)
  }

  @Test("The soft limit asks for a new key, the hard limit refuses")
  func softAndHardLimits() throws {
    var pair = try pair()
    pair.sending.softLimit = 2
    pair.sending.hardLimit = 3
    pair.receiving.hardLimit = 2
    var needsRekey = pair.sending.needsRekey
    #expect(!needsRekey)
    let first = try pair.sending.encrypt([1])
    let second = try pair.sending.encrypt([2])
    needsRekey = pair.sending.needsRekey
    #expect(needsRekey)
    let third = try pair.sending.encrypt([3])
    #expect(throws: NoiseError.nonceExhausted) { try pair.sending.encrypt([4]) }
    _ = try pair.receiving.decrypt(first)
    _ = try pair.receiving.decrypt(second)
    #expect(throws: NoiseError.nonceExhausted) { try pair.receiving.decrypt(third) }
  }
}
