// SPDX-License-Identifier: Apache-2.0

import Noise
import CountersignCrypto
import Testing

@Suite("Bugs of others: a refused handshake message")
struct FailedReadRegressions {
  /// Patterns that between them send every token, in messages of every shape.
  static let patterns: [HandshakePattern] = [
    .NN, .IK, .XX, .IX, .K1X1, .X1X1, .X, .K, try! .NN.psk(0), try! .IK.psk(2), try! .XX.psk(3), try! .KK.psk(0).psk(2),
  ]

  @Test("A truncated or tampered message leaves the state byte for byte as it was, and the right one then succeeds")
  func stateSurvives() throws {
    for pattern in Self.patterns {
      let initiatorKey = X25519.PrivateKey.random()
      let responderKey = X25519.PrivateKey.random()
      var parties = try Parties<Cipher.ChaChaPoly, Hash.SHA256>(
        pattern, initiatorKey: initiatorKey, responderKey: responderKey)
      for index in 0..<pattern.messageCount {
        let message = try parties.write([1, 2, 3])
        let before = index & 1 == 0 ? memory(&parties.responder) : memory(&parties.initiator)
        for (damaged, isPlain) in damage(message, pattern, index) {
          do {
            _ = try parties.read(damaged)
            // Without a key nothing is authenticated: only a shorter message can be told from a good one.
            #expect(isPlain, "message \(index) was taken")
            break
          } catch {}
          let after = index & 1 == 0 ? memory(&parties.responder) : memory(&parties.initiator)
          #expect(after == before, "message \(index) changed the state")
        }
        guard parties.initiator.messageIndex != parties.responder.messageIndex else { break }
        #expect(try parties.read(message) == [1, 2, 3])
      }
      guard parties.initiator.isFinished else { continue }
      #expect(parties.initiator.handshakeHashBytes == parties.responder.handshakeHashBytes)
    }
  }

  /// Every truncation, one flipped bit in each byte, one byte more; and whether a change goes unnoticed by right.
  private func damage(_ message: [UInt8], _ pattern: HandshakePattern, _ index: Int) -> [([UInt8], isPlain: Bool)] {
    let isEncrypted = (0...index).contains { message in
      let tokens = pattern.message(message)
      return pattern.pskPositions != 0
        || [Token.ee, .es, .se, .ss].contains { tokens.contains($0) }
    }
    var cases: [([UInt8], Bool)] = []
    for length in 0..<message.count where isEncrypted || length < message.count - 3 {
      cases.append((Array(message.prefix(length)), false))
    }
    guard isEncrypted else { return cases }
    for position in message.indices {
      var flipped = message
      flipped[position] ^= 1 << UInt8(position & 7)
      cases.append((flipped, false))
    }
    cases.append((message + [0], false))
    return cases
  }

  @Test("A refusal by the resolving step leaves the state byte for byte as it was")
  func refusedPeer() throws {
    let initiatorKey = X25519.PrivateKey.random()
    let responderKey = X25519.PrivateKey.random()
    var parties = try Parties<Cipher.ChaChaPoly, Hash.SHA256>(
      .IK, initiatorKey: initiatorKey, responderKey: responderKey)
    let message = try parties.write()
    let before = memory(&parties.responder)
    #expect(throws: NoiseError.missingKey(.remoteStatic)) {
      _ = try parties.responder.readMessage(message) { key, secrets throws(NoiseError) in
        #expect(key == initiatorKey.publicKey)
        secrets.setStaticSharedSecret(SecretBytes<32>.random())
        throw .missingKey(.remoteStatic)
      }
    }
    #expect(memory(&parties.responder) == before)
    _ = try parties.read(message)
    try parties.finish()
  }
}
