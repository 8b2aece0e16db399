// SPDX-License-Identifier: Apache-2.0

import Credentials
import Noise
import CountersignCrypto
import Relay
import Schemes

/// What came of an attempt to read a recorded session.
struct Reading {
  /// The records that were opened.
  var records: [[UInt8]] = []
  /// What was recovered, or the refusal of the last attempt.
  var evidence: String
  /// Whose key the handshake showed.
  var staticKey: X25519.PublicKey?
  /// What the first message carried.
  var payload: [UInt8]?

  func shows(_ secret: [UInt8]) -> Bool {
    records.contains { $0.contains(sequence: secret) } || payload?.contains(sequence: secret) == true
  }
}

extension Attacker {
  /// Tries to open a recorded session with every key that follows from the loot.
  func read(_ recording: Recording) throws -> Reading {
    let ring = try KeyRing(self)
    guard recording.scheme.row.hasEphemeralKeys else { return try readSymmetric(recording, ring) }
    let sight = try Observer(ring: ring, facts: facts).follow(recording)
    var reading = Reading(evidence: sight.end, staticKey: sight.staticKey, payload: sight.payload)
    guard let keys = sight.keys else { return reading }
    reading.records =
      try Self.open(recording.fromDevice, keys.fromDevice) + Self.open(recording.fromServer, keys.fromServer)
    reading.evidence += "; opened: " + reading.records.map(\.printable).joined(separator: " | ")
    return reading
  }

  /// The schemes without public keys: the hello is made again with each key; where it is the recorded one, the key was right
  /// and the recorded answer gives the session's keys.
  private func readSymmetric(_ recording: Recording, _ ring: KeyRing) throws -> Reading {
    var responder = SymmetricResponder<Hash.SHA256>()
    let claim = try responder.readHello(recording.hello.bytes)
    let hint = Array(claim.hint.array.prefix(claim.scheme.row.hint.length))
    let candidates = try ring.candidates(for: recording.scheme, counter: claim.counter)
    for key in candidates {
      let again = try SymmetricClient(claim.scheme, key: key, hint: hint, counter: claim.counter)
      guard try again.hello() == recording.hello else { continue }
      var keys = SessionKeys()
      try again.finish(recording.reply, &keys)
      var records: [[UInt8]] = []
      for frame in recording.fromDevice { records.append(try keys.sending.decrypt(frame)) }
      for frame in recording.fromServer { records.append(try keys.receiving.decrypt(frame)) }
      return Reading(
        records: records,
        evidence: "the hello made again with the key is the recorded one; opened: "
          + records.map(\.printable).joined(separator: " | "))
    }
    let tried = candidates.count
    return Reading(
      evidence: tried == 0
        ? "no key to try on hello \(recording.hello.digest)"
        : "none of \(tried) keys makes the recorded hello \(recording.hello.digest)")
  }

  private static func open(_ frames: [[UInt8]], _ key: [UInt8]) throws -> [[UInt8]] {
    var cipher = CipherState<Cipher.ChaChaPoly>(key: try SecretBytes<32>(copying: key))
    var records: [[UInt8]] = []
    for frame in frames { records.append(try cipher.decrypt(frame)) }
    return records
  }
}

extension [UInt8] {
  /// Text where it is text, digits where it is not.
  var printable: String {
    let body = count > 17 && first == 0x02 ? Array(dropFirst(17)) : self
    return body.allSatisfy { $0 >= 0x20 && $0 < 0x7F } ? "\"\(body.text)\"" : digest
  }
}
