// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import ThresholdSigning

/// A key that several share, with all of them in one process.
final class Group {
  let shares: [KeyShare]

  var key: GroupKey { shares[0].group }

  /// Makes a key without a dealer.
  init(_ threshold: Int, of count: UInt16) throws {
    let everybody = (1...count).map { Participant($0)! }
    let keys = Dictionary(uniqueKeysWithValues: everybody.map { ($0, X25519.PrivateKey.random().publicKey) })
    shares = try Self.run(Ceremony(generating: threshold, session: Self.session(), keys: keys))
  }

  /// New shares of the same key.
  func refresh() throws -> [KeyShare] {
    let keys = Dictionary(
      uniqueKeysWithValues: key.participants.map { ($0, X25519.PrivateKey.random().publicKey) })
    return try Self.run(Ceremony(refreshing: key, session: Self.session(), keys: keys), shares)
  }

  private static func session() -> Bytes<32> {
    var session = Bytes<32>()
    var target = session.mutableBytes
    fillWithRandomBytes(&target)
    return session
  }

  private static func run(_ ceremony: Ceremony, _ shares: [KeyShare] = []) throws -> [KeyShare] {
    let parties = try ceremony.dealers.map { dealer in
      try CeremonyParty(ceremony, as: dealer, share: shares.first { $0.participant == dealer })
    }
    let pairs = parties.flatMap { a in parties.filter { $0 !== a }.map { (a, $0) } }
    for (a, b) in pairs { try b.receive(pledge: a.pledge!, from: a.participant) }
    for (a, b) in pairs {
      let announcement = try a.announcement()
      try b.receive(announcement: announcement.bytes, from: a.participant)
    }
    for (a, b) in pairs {
      var share = SecretBytes<32>()
      try a.writeShare(for: b.participant, into: &share)
      try b.receive(share: share.bytes, from: a.participant)
    }
    for (a, b) in pairs {
      let transcript = try a.transcript()
      try b.receive(transcript: transcript, from: a.participant)
    }
    return try parties.map { try $0.finish() }
  }
}
