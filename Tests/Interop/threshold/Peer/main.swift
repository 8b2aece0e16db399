// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import ThresholdSigning

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

// One party, driven by lines on standard input: a command and its arguments, numbers in decimal, byte strings in hexadecimal. Each
// command is answered by one line. See drive.py.

struct BadLine: Error {}

func bytes(_ text: Substring) throws -> [UInt8] {
  let digits = Array(text.utf8)
  guard digits.count.isMultiple(of: 2) else { throw BadLine() }
  return try stride(from: 0, to: digits.count, by: 2).map { index in
    guard let byte = UInt8(String(decoding: digits[index...index + 1], as: UTF8.self), radix: 16) else {
      throw BadLine()
    }
    return byte
  }
}

func hexadecimal(_ bytes: RawSpan) -> String {
  [UInt8](copying: bytes).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

func participant(_ text: Substring) throws -> Participant {
  guard let number = UInt16(text), let participant = Participant(number) else { throw BadLine() }
  return participant
}

final class Peer {
  var party: CeremonyParty?
  var share: KeyShare?
  var batch: NonceBatch?

  /// The ceremony's static keys: NUMBER:KEY each.
  private func keys(_ words: ArraySlice<Substring>) throws -> [Participant: X25519.PublicKey] {
    var keys: [Participant: X25519.PublicKey] = [:]
    for word in words {
      let parts = word.split(separator: ":")
      guard parts.count == 2 else { throw BadLine() }
      keys[try participant(parts[0])] = try Bytes(copying: try bytes(parts[1]))
    }
    return keys
  }

  func answer(_ line: String) throws -> String {
    let words = line.split(separator: " ")
    guard let command = words.first else { throw BadLine() }
    switch (command, words.count) {
    case ("generate", 5...):
      // generate ME THRESHOLD SESSION NUMBER:KEY...
      guard let threshold = Int(words[2]) else { throw BadLine() }
      let ceremony = try Ceremony(
        generating: threshold, session: try Bytes(copying: try bytes(words[3])), keys: try keys(words[4...]))
      return try begin(ceremony, as: words[1])
    case ("refresh", 4...):
      // refresh ME SESSION NUMBER:KEY...
      guard let share else { throw BadLine() }
      let ceremony = try Ceremony(
        refreshing: share.group, session: try Bytes(copying: try bytes(words[2])), keys: try keys(words[3...]))
      return try begin(ceremony, as: words[1])
    case ("nonces", 1):
      guard let share else { throw BadLine() }
      let batch = try NonceBatch(for: share, count: 1)
      self.batch = batch
      return encoded(batch.commitments[0])
    case ("sign", 3...), ("aggregate", 3...):
      return try sign(command, words)
    default: return try proceed(command, words)
    }
  }

  private func begin(_ ceremony: Ceremony, as me: Substring) throws -> String {
    let party = try CeremonyParty(ceremony, as: try participant(me), share: share)
    self.party = party
    guard let pledge = party.pledge else { throw BadLine() }
    return hexadecimal(pledge.bytes)
  }

  /// One step of the ceremony: what came from another party, or what goes to it.
  private func proceed(_ command: Substring, _ words: [Substring]) throws -> String {
    guard let party else { throw BadLine() }
    switch (command, words.count) {
    case ("pledge", 3): try party.receive(pledge: Bytes(copying: bytes(words[2])), from: participant(words[1]))
    case ("announce", 1):
      let announcement = try party.announcement()
      return hexadecimal(announcement.bytes)
    case ("announcement", 3):
      let announcement = try bytes(words[2])
      try party.receive(announcement: announcement.bytes, from: participant(words[1]))
    case ("deal", 2):
      var secret = SecretBytes<32>()
      defer { secret.wipe() }
      try party.writeShare(for: participant(words[1]), into: &secret)
      return hexadecimal(secret.bytes)
    case ("share", 3):
      let secret = try bytes(words[2])
      try party.receive(share: secret.bytes, from: participant(words[1]))
    case ("transcript", 1):
      let transcript = try party.transcript()
      return hexadecimal(transcript.bytes)
    case ("transcript", 3):
      try party.receive(transcript: Bytes(copying: bytes(words[2])), from: participant(words[1]))
    case ("finish", 1):
      let share = try party.finish()
      self.share = share
      let group = share.group.encoded
      return hexadecimal(group.bytes) + " " + share.group.fingerprint
    default: throw BadLine()
    }
    return "taken"
  }

  /// sign MESSAGE COMMITMENTS..., or aggregate MESSAGE COMMITMENTS... SHARES...
  private func sign(_ command: Substring, _ words: [Substring]) throws -> String {
    guard let share else { throw BadLine() }
    let message = try bytes(words[1])
    let parts = try words[2...].map(bytes)
    let commitments = try parts.filter { $0.count == NonceCommitments.encodedLength }.map {
      try NonceCommitments(decoding: $0.bytes)
    }
    var package = try SigningPackage(message: message.bytes, commitments: commitments, group: share.group)
    if command == "sign" {
      guard let batch else { throw BadLine() }
      let part = try package.sign(with: share, batch.take(0))
      var encoded = Bytes<34>()
      var target = encoded.mutableBytes
      part.encode(into: &target)
      return hexadecimal(encoded.bytes)
    }
    let shares = try parts.filter { $0.count == SignatureShare.encodedLength }.map {
      try SignatureShare(decoding: $0.bytes)
    }
    let signature = try package.aggregate(shares)
    return hexadecimal(signature.bytes)
  }

  private func encoded(_ commitments: NonceCommitments) -> String {
    var encoded = Bytes<66>()
    var target = encoded.mutableBytes
    commitments.encode(into: &target)
    return hexadecimal(encoded.bytes)
  }
}

let peer = Peer()
while let line = readLine() {
  do { print(try peer.answer(line)) } catch { print("error \(error)") }
  fflush(nil)
}
