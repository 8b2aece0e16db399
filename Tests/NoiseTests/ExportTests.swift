// SPDX-License-Identifier: Apache-2.0

@testable import Noise
import CountersignCrypto
import Testing

/// Split with a third output.
@Suite("The key that a handshake exports")
struct ExportTests {
  @Test(
    "Both sides get the third output of Split's HKDF, and the keys of a Split without it",
    arguments: ["IK", "X", "NNpsk0"])
  func thirdOutput(name: String) throws {
    var pair = try StartedPair.make(name)
    try pair.finish()
    let chainingKey = Self.copy(pair.alice.symmetric.chainingKey.bytes, 32)
    let outputs = Self.outputs(of: chainingKey)
    let key = outputs[2]

    var alices = Halves()
    var bobs = Halves()
    try pair.alice.split(sending: &alices.sending, receiving: &alices.receiving, export: &alices.export)
    try pair.bob.split(sending: &bobs.sending, receiving: &bobs.receiving, export: &bobs.export)
    #expect(Self.copy(alices.export.bytes, 32) == key)
    #expect(Self.copy(bobs.export.bytes, 32) == key)
    #expect(Self.copy(alices.sending.key.bytes, 32) == outputs[0])
    #expect(Self.copy(bobs.receiving.key.bytes, 32) == outputs[0])
    if pair.alice.pattern.isOneWay {
      #expect(!alices.receiving.hasKey && !bobs.sending.hasKey)
    } else {
      #expect(Self.copy(alices.receiving.key.bytes, 32) == outputs[1])
      #expect(Self.copy(bobs.sending.key.bytes, 32) == outputs[1])
    }
  }

  @Test("Nothing is exported before the handshake is finished, or twice")
  func outOfTurn() throws {
    var pair = try StartedPair.make("IK")
    var sending = CipherState<Cipher.ChaChaPoly>()
    var receiving = CipherState<Cipher.ChaChaPoly>()
    var export = SecretBytes<32>()
    try pair.deliver(1)
    #expect(throws: NoiseError.outOfTurn) {
      try pair.alice.split(sending: &sending, receiving: &receiving, export: &export)
    }
    try pair.finish()
    try pair.alice.split(sending: &sending, receiving: &receiving, export: &export)
    #expect(throws: NoiseError.outOfTurn) {
      try pair.alice.split(sending: &sending, receiving: &receiving, export: &export)
    }
  }

  private struct Halves: ~Copyable {
    var sending = CipherState<Cipher.ChaChaPoly>()
    var receiving = CipherState<Cipher.ChaChaPoly>()
    var export = SecretBytes<32>()
  }

  /// HKDF(chaining_key, zerolen, 3) of the specification's section 4.3, written out.
  private static func outputs(of chainingKey: [UInt8]) -> [[UInt8]] {
    let temporary = code(of: [], under: chainingKey)
    let first = code(of: [1], under: temporary)
    let second = code(of: first + [2], under: temporary)
    return [first, second, code(of: second + [3], under: temporary)]
  }

  private static func code(of message: [UInt8], under key: [UInt8]) -> [UInt8] {
    var state = Hash.HMAC<Hash.SHA256>(key: key.span.bytes)
    state.update(message.span.bytes)
    var code = [UInt8](repeating: 0, count: 32)
    var target = code.mutableBytes
    state.finalize(into: &target)
    return code
  }

  private static func copy(_ bytes: RawSpan, _ count: Int) -> [UInt8] {
    (0..<count).map { bytes.unsafeLoad(fromByteOffset: $0, as: UInt8.self) }
  }
}
