// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Noise
import CountersignCrypto
import Synchronization
import Testing

@Suite("Transport")
struct TransportTests {
  @Test("Rekey is per direction, keeps n, and both ends must do it")
  func rekey() throws {
    let (alice, bob) = try halves()
    for n in 0..<5 as Range<UInt8> { #expect(try bob.decrypt(alice.encrypt([n])) == [n]) }
    let old = try alice.encrypt([5])
    try alice.rekey()
    #expect(alice.nonce == 6)
    let new = try alice.encrypt([6])
    #expect(try bob.decrypt(old) == [5])
    #expect(throws: NoiseError.decryptionFailed) { try bob.decrypt(new) }
    #expect(bob.nonce == 6)
    try bob.rekey()
    #expect(bob.nonce == 6)
    #expect(try bob.decrypt(new) == [6])
  }

  @Test("Limits: the soft one warns, the hard one refuses, 2^64 - 1 is never used; a refusal moves nothing")
  func limits() throws {
    let (alice, bob) = try halves()
    alice.nonce = .max - 1
    bob.nonce = .max - 1
    #expect(try bob.decrypt(alice.encrypt([1])) == [1])
    for _ in 0..<2 {
      #expect(throws: NoiseError.nonceExhausted) { try alice.encrypt([1]) }
      #expect(throws: NoiseError.nonceExhausted) { try bob.decrypt([UInt8](repeating: 0, count: 32)) }
    }
    #expect(alice.nonce == .max && bob.nonce == .max)

    var state = CipherState<Cipher.ChaChaPoly>(key: SecretBytes<32>())
    state.softLimit = 2
    state.hardLimit = 3
    for n in 0..<3 as Range<UInt64> {
      #expect(state.nonce == n && state.needsRekey == (n >= 2))
      _ = try state.encrypt([])
    }
    #expect(throws: NoiseError.nonceExhausted) { try state.encrypt([]) }
    #expect(throws: NoiseError.nonceExhausted) { try state.decrypt([UInt8](repeating: 0, count: 16)) }
  }

  @Test("A state without a key refuses; so does the mute direction of a one-way pattern")
  func keyless() throws {
    var state = CipherState<Cipher.ChaChaPoly>()
    #expect(throws: NoiseError.outOfTurn) { try state.encrypt([1]) }
    #expect(throws: NoiseError.outOfTurn) { try state.decrypt([UInt8](repeating: 0, count: 32)) }
    #expect(throws: NoiseError.outOfTurn) { try state.rekey() }

    var pair = try StartedPair.make("X")
    var transport = TransportState<Cipher.ChaChaPoly>()
    #expect(throws: NoiseError.outOfTurn) {
      try pair.bob.split(sending: &transport.sending, receiving: &transport.receiving)
    }
    try pair.finish()
    try pair.bob.split(sending: &transport.sending, receiving: &transport.receiving)
    #expect(!transport.sending.hasKey && transport.receiving.hasKey)
    #expect(throws: NoiseError.outOfTurn) {
      try pair.bob.split(sending: &transport.sending, receiving: &transport.receiving)
    }
  }

  @Test("The two halves of a session work at the same time on two threads")
  func threads() throws {
    let messages = 1_000
    let (alice, bob) = try Half.sessions()
    let toBob = Mutex<[[UInt8]]>([])
    let toAlice = Mutex<[[UInt8]]>([])
    // Two threads for each party: one sends while the other receives.
    DispatchQueue.concurrentPerform(iterations: 4) { thread in
      for n in 0..<messages {
        switch thread {
        case 0: alice.sending.send("a\(n)", to: toBob)
        case 1: bob.sending.send("b\(n)", to: toAlice)
        case 2: #expect(bob.receiving.receive(from: toBob) == "a\(n)")
        default: #expect(alice.receiving.receive(from: toAlice) == "b\(n)")
        }
      }
    }
  }
}

/// One direction, owned by one thread at a time. That it compiles shows that a half may be sent to another thread.
private final class Half: Sendable {
  let state: Mutex<CipherState<Cipher.ChaChaPoly>>

  init(_ state: consuming CipherState<Cipher.ChaChaPoly>) { self.state = Mutex(state) }

  /// The halves of both parties of a fresh session.
  static func sessions() throws -> (alice: (sending: Half, receiving: Half), bob: (sending: Half, receiving: Half)) {
    var pair = try StartedPair.make("NN")
    try pair.finish()
    var a = CipherState<Cipher.ChaChaPoly>()
    var b = CipherState<Cipher.ChaChaPoly>()
    var c = CipherState<Cipher.ChaChaPoly>()
    var d = CipherState<Cipher.ChaChaPoly>()
    try pair.alice.split(sending: &a, receiving: &b)
    try pair.bob.split(sending: &c, receiving: &d)
    return ((Half(a), Half(b)), (Half(c), Half(d)))
  }

  func send(_ text: String, to wire: borrowing Mutex<[[UInt8]]>) {
    let message = state.withLock { state in try! state.encrypt(Array(text.utf8)) }
    wire.withLock { $0.append(message) }
  }

  func receive(from wire: borrowing Mutex<[[UInt8]]>) -> String {
    while true {
      let message = wire.withLock { $0.isEmpty ? nil : $0.removeFirst() }
      if let message { return state.withLock { String(decoding: try! $0.decrypt(message), as: UTF8.self) } }
    }
  }
}

/// A pair of states under one key: what one encrypts the other decrypts.
private func halves() throws -> (any NamedCipherState, any NamedCipherState) {
  let key = SecretBytes<32>.random()
  let name = NoiseProtocolName(.NN)
  return (name.makeCipherState(key: key), name.makeCipherState(key: key))
}
