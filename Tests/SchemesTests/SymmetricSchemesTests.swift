// SPDX-License-Identifier: Apache-2.0

import Credentials
import Noise
import CountersignCrypto
import Schemes
import Testing

/// One exchange, driven as a device and a server would, with a hand on the wire.
struct Exchange {
  var scheme = SchemeID.derivedKey
  var counter: UInt32 = 1
  var lastCounter: UInt32?
  var alterHello: (inout [UInt8]) -> Void = { _ in }
  var alterReply: (inout [UInt8]) -> Void = { _ in }
  var sameKey = true

  /// Runs it and carries one message each way; throws where either side refuses.
  func run() throws {
    let key = SecretBytes<32>.random()
    let other = SecretBytes<32>.random()
    let hint = [UInt8](repeating: 7, count: scheme.row.hint.length)
    var device = SymmetricHandshake<Hash.SHA256>(scheme: scheme)
    var server = SymmetricResponder<Hash.SHA256>()
    var deviceKeys = SessionKeys()
    var serverKeys = SessionKeys()

    var hello = [UInt8](repeating: 0, count: scheme.row.maximumHelloLength)
    var helloBytes = hello.mutableBytes
    let length = try device.writeHello(key: key, hint: hint.bytes, counter: counter, into: &helloBytes)
    hello.removeLast(hello.count - length)
    alterHello(&hello)
    let claim = try server.readHello(hello.bytes)
    if sameKey {
      try server.verify(claim, key: key, lastCounter: lastCounter)
    } else {
      try server.verify(claim, key: other, lastCounter: lastCounter)
    }
    var reply = [UInt8](repeating: 0, count: scheme.row.replyLength)
    var replyBytes = reply.mutableBytes
    _ = try server.writeReply(into: &replyBytes, keys: &serverKeys)
    let honest = reply
    alterReply(&reply)
    do {
      try device.readReply(reply.bytes, keys: &deviceKeys)
    } catch {
      // A forged reply is refused and spoils nothing: the honest one still opens the session.
      try device.readReply(honest.bytes, keys: &deviceKeys)
      try carry(&deviceKeys.sending, &serverKeys.receiving)
      throw error
    }
    try carry(&deviceKeys.sending, &serverKeys.receiving)
    try carry(&serverKeys.sending, &deviceKeys.receiving)
  }

  private func carry(_ sending: inout CipherState<Cipher.ChaChaPoly>, _ receiving: inout CipherState<Cipher.ChaChaPoly>)
    throws
  {
    let text: [UInt8] = Array("open".utf8)
    var message = [UInt8](repeating: 0, count: 32)
    var bytes = message.mutableBytes
    let sealed = try sending.encrypt(text.bytes, into: &bytes)
    var plain = [UInt8](repeating: 0, count: 32)
    var plainBytes = plain.mutableBytes
    let count = try receiving.decrypt(bytes.bytes.extracting(0..<sealed), into: &plainBytes)
    let isSame = constantTimeEquals(plainBytes.bytes.extracting(0..<count), text.bytes)
    #expect(isSame)
  }
}

@Suite("Schemes without public keys")
struct SymmetricSchemesTests {
  static let schemes = SchemeID.allCases.filter { $0.row.exchange == .challenge }

  @Test("Both sides agree and messages go both ways", arguments: schemes)
  func agree(_ scheme: SchemeID) throws {
    try Exchange(scheme: scheme).run()
  }

  @Test("A counter that was used before is refused", arguments: [UInt32(4), 5])
  func replay(_ counter: UInt32) {
    #expect(throws: SchemesError.staleCounter) { try Exchange(counter: counter, lastCounter: 5).run() }
  }

  @Test("Another key is refused")
  func otherKey() {
    #expect(throws: SchemesError.authenticationFailed) { try Exchange(sameKey: false).run() }
  }

  @Test("Every bit of the hello counts", arguments: 1..<29)
  func alteredHello(_ index: Int) {
    #expect(throws: SchemesError.authenticationFailed) {
      try Exchange(alterHello: { $0[index] ^= 1 }).run()
    }
  }

  @Test("Every byte of the reply counts, and a forged reply spoils nothing", arguments: 0..<32)
  func alteredReply(_ index: Int) {
    #expect(throws: SchemesError.authenticationFailed) {
      try Exchange(alterReply: { $0[index] ^= 0x80 }).run()
    }
  }

  @Test("A hello of any other length, or of another scheme, is refused without a trap")
  func malformed() {
    for length in 0..<64 where length != 29 {
      #expect(throws: SchemesError.self) {
        try Exchange(alterHello: { $0 = Array(($0 + [UInt8](repeating: 0, count: 64)).prefix(length)) }).run()
      }
    }
    for scheme in 0...255 where scheme != 2 && scheme != 3 && scheme != 5 {
      #expect(throws: SchemesError.self) { try Exchange(alterHello: { $0[0] = UInt8(scheme) }).run() }
    }
  }

  @Test("A hello of one scheme is not one of another, though its length is the same")
  func schemeIsBound() {
    #expect(throws: SchemesError.authenticationFailed) {
      try Exchange(scheme: .derivedKey, alterHello: { $0[0] = SchemeID.derivedKeyRatchet.rawValue }).run()
    }
  }
}
