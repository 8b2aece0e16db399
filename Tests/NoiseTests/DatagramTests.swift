// SPDX-License-Identifier: Apache-2.0

import Noise
import CountersignCrypto
import TestSeed
import Testing

@Suite("Datagrams")
struct DatagramTests {
  /// A generator that a failing run can be repeated with.
  private func seal(_ text: String, _ transport: inout DatagramTransport<Cipher.ChaChaPoly>) throws -> [UInt8] {
    var datagram = [UInt8](repeating: 0, count: text.utf8.count + DatagramTransport<Cipher.ChaChaPoly>.overhead)
    var bytes = datagram.mutableBytes
    let length = try transport.seal(Array(text.utf8).span.bytes, into: &bytes)
    #expect(length == datagram.count)
    return datagram
  }

  private func open(
    _ datagram: [UInt8], _ transport: inout DatagramTransport<Cipher.ChaChaPoly>
  ) throws(NoiseError) -> String {
    var plaintext = [UInt8](repeating: 0, count: datagram.count)
    var bytes = plaintext.mutableBytes
    let length = try transport.open(datagram.span.bytes, into: &bytes)
    return String(decoding: plaintext.prefix(length), as: UTF8.self)
  }

  @Test(
    "Loss, doubles and reordering: every datagram that arrives in the window is read once",
    arguments: 1...3)
  func unreliable(network number: Int) throws {
    var random = SeededGenerator(for: "network \(number)")
    var pair = try StartedPair.make("NN")
    try pair.finish()
    var alice = DatagramTransport<Cipher.ChaChaPoly>()
    var bob = DatagramTransport<Cipher.ChaChaPoly>()
    try pair.alice.split(into: &alice)
    try pair.bob.split(into: &bob)

    // A network that holds up to 1,500 datagrams, delivers any of them next, doubles one in four, loses one in ten.
    var network: [(n: Int, datagram: [UInt8])] = []
    var delivered: Set<Int> = []
    var refusals = 0
    func deliver(_ arrival: (n: Int, datagram: [UInt8])) throws {
      if delivered.contains(arrival.n) {
        refusals += 1
        #expect(throws: NoiseError.replayed) { try open(arrival.datagram, &bob) }
      } else {
        #expect(try open(arrival.datagram, &bob) == "message \(arrival.n)")
        delivered.insert(arrival.n)
      }
    }
    var sent = 0
    var lost = 0
    while sent < 6_000 {
      let datagram = try seal("message \(sent)", &alice)
      if Int.random(in: 0..<10, using: &random) == 0 {
        lost += 1
      } else {
        network.append((sent, datagram))
        if Int.random(in: 0..<4, using: &random) == 0 { network.append((sent, datagram)) }
      }
      sent += 1
      // Older than the window is refused as well: the oldest goes first when it is about to be.
      while let oldest = network.first, sent - oldest.n > 1_500 { try deliver(network.removeFirst()) }
      if network.count > 600 { try deliver(network.remove(at: Int.random(in: 0..<network.count, using: &random))) }
    }
    for arrival in network.shuffled(using: &random) { try deliver(arrival) }
    #expect(delivered.count == sent - lost && refusals > 500)
  }

  @Test("A forged counter does not move the window, however far ahead")
  func forgery() throws {
    let key = SecretBytes<32>.random()
    var alice = DatagramTransport<Cipher.ChaChaPoly>()
    alice.sending = CipherState(key: key)
    var bob = DatagramTransport<Cipher.ChaChaPoly>()
    bob.receiving = CipherState(key: key)
    let first = try seal("first", &alice)
    var forged = first
    forged[0] = 0x40
    #expect(throws: NoiseError.decryptionFailed) { try open(forged, &bob) }
    #expect(try open(first, &bob) == "first")
    #expect(throws: NoiseError.replayed) { try open(first, &bob) }
    for length in 0..<24 {
      #expect(throws: NoiseError.messageTooShort) { try open([UInt8](first.prefix(length)), &bob) }
    }
    #expect(throws: NoiseError.nonceExhausted) { try open([UInt8](repeating: 0xFF, count: 32), &bob) }

    alice.sending.nonce = .max
    #expect(throws: NoiseError.nonceExhausted) { try seal("last", &alice) }
    #expect(throws: NoiseError.messageTooLong) { try seal(String(repeating: "x", count: 65_520), &alice) }
  }

  @Test("The window holds 2,048 counters: the oldest in it is taken, the one before it refused")
  func windowSize() {
    var window = ReplayWindow<33>()
    #expect(ReplayWindow<33>.size >= 2_048)
    window.accept(10_000)
    #expect(window.isFresh(10_000 - 2_047))
    #expect(!window.isFresh(10_001 - ReplayWindow<33>.size - 1))
    // Against a plain set, over counters that jump by every distance that matters.
    var seen: Set<UInt64> = [10_000]
    var random = SeededGenerator(for: "counters")
    var highest: UInt64 = 10_000
    for _ in 0..<20_000 {
      let jump = [1, 2, 63, 64, 65, 2_047, 2_048, 2_049, 5_000].randomElement(using: &random)! as UInt64
      let counter = Bool.random(using: &random) ? highest + jump : highest - min(highest, jump)
      let isNew = !seen.contains(counter) && counter + ReplayWindow<33>.size > highest
      #expect(window.isFresh(counter) == isNew)
      guard isNew else { continue }
      window.accept(counter)
      seen.insert(counter)
      highest = max(highest, counter)
    }
  }
}
