// SPDX-License-Identifier: Apache-2.0

import Credentials
import Noise
import CountersignCrypto
import Schemes

/// Follows a recorded Noise handshake with whatever keys are in hand. Where a Diffie-Hellman is out of reach it guesses, so that
/// the refusal in the evidence is that of a real decryption.
struct Observer {
  /// What could be seen.
  struct Sight {
    var staticKey: X25519.PublicKey?
    var payload: [UInt8]?
    var keys: (fromDevice: [UInt8], fromServer: [UInt8])?
    /// Where it ended, in words.
    var end = ""
  }

  let ring: KeyRing
  let facts: PublicFacts

  /// Follows the handshake with every psk and, where both sides know it beforehand, with every device's key.
  func follow(_ recording: Recording) throws -> Sight {
    let psks: [[UInt8]?] = ring.symmetricKeys.isEmpty ? [nil] : ring.symmetricKeys.map { $0.key }
    let row = recording.scheme.row
    let isKnown = row.exchange.pattern?.initiatorPreMessage.contains(.s) == true
    let statics: [X25519.PublicKey?] = isKnown ? facts.certificates.map(\.publicKey) : [nil]
    var best = Sight(end: "nothing to follow")
    for psk in row.usesPSK ? psks : [nil] {
      for key in statics {
        let sight = try follow(recording, psk: psk, initiator: key)
        if sight.keys != nil { return sight }
        if best.payload == nil { best = sight }
      }
    }
    return best
  }

  private func follow(_ recording: Recording, psk: [UInt8]?, initiator: X25519.PublicKey?) throws -> Sight {
    let scheme = recording.scheme
    let hintLength = scheme.row.hint.length
    let hint = Array(recording.hello.dropFirst().prefix(hintLength))
    guard
      let recipe = try NoiseRecipe(
        scheme, hint: hint, serverKey: facts.serverKey, masterKey: facts.masterKey, certificate: nil)
    else { return Sight(end: "no Diffie-Hellman to follow") }
    let pattern = recipe.pattern
    let name = "\(pattern.name)"
    var transcript = NoiseTranscript(pattern: name, prologue: recipe.prologue)
    if let initiator { transcript.mixHash(initiator.array) }
    if scheme.row.hasKeyPair { transcript.mixHash(facts.serverKey.array) }
    var sight = Sight(staticKey: initiator)
    // The ephemeral keys of the device and of the server.
    var (e, re): (X25519.PublicKey?, X25519.PublicKey?)
    var guesses: [String] = []
    let frames =
      [Array(recording.hello.dropFirst(1 + hintLength)), recording.reply] + (recording.last.map { [$0] } ?? [])
    for (number, frame) in frames.enumerated() {
      var tokens = pattern.message(number)
      var rest = frame[...]
      func dh(_ a: X25519.PublicKey?, _ b: X25519.PublicKey?, _ token: Token) -> [UInt8] {
        if let a, let b, let shared = ring.shared(a, b) { return shared }
        guesses.append("\(token) of message \(number + 1)")
        return .random(32)
      }
      do {
        while let token = tokens.popFirst() {
          switch token {
          case .e:
            let key = try X25519.PublicKey(copying: Array(rest.prefix(32)))
            rest = rest.dropFirst(32)
            if number == 0 { e = key } else { re = key }
            transcript.mixHash(key.array)
            if pattern.pskCount > 0 { transcript.mixKey(key.array) }
          case .s:
            let length = pattern.staticFieldLength + tagLength
            let bytes = try transcript.decryptAndHash(Array(rest.prefix(length)))
            rest = rest.dropFirst(length)
            sight.staticKey =
              pattern.isImplicit
              ? try IdentityCredential(decoding: bytes.bytes).publicKey(under: facts.masterKey)
              : try X25519.PublicKey(copying: bytes)
          case .es: transcript.mixKey(dh(e, facts.serverKey, token))
          case .ss: transcript.mixKey(dh(sight.staticKey, facts.serverKey, token))
          case .ee: transcript.mixKey(dh(e, re, token))
          case .se: transcript.mixKey(dh(sight.staticKey, re, token))
          case .psk:
            if psk == nil { guesses.append("psk of message \(number + 1)") }
            transcript.mixKeyAndHash(psk ?? .random(32))
          // No scheme has them.
          case .e1, .ekem1: throw LaboratoryError.nothingToShow
          }
        }
        let payload = try transcript.decryptAndHash(Array(rest))
        if number == 0 || !payload.isEmpty { sight.payload = payload }
      } catch {
        let missing = guesses.isEmpty ? "with the keys in hand" : "without \(guesses.joined(separator: ", "))"
        sight.end = "message \(number + 1) of \(name) \(missing): \(error)"
        return sight
      }
    }
    let keys = transcript.split()
    sight.keys = (keys.fromInitiator, keys.fromResponder)
    sight.end = "\(frames.count == 2 ? "both" : "all") messages of \(name) read"
    return sight
  }
}
