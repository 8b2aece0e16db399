// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Credentials
import TestSeed
import Testing
import Wire

@testable import Cosigner

@Suite("A co-signer reads what it signs")
struct ParsingTests {
  let desk: Desk

  init() throws { desk = try Desk() }

  private func key() -> X25519.PublicKey { X25519.PrivateKey.random().publicKey }

  @Test("bytes that are no statement of this key, and kinds that are none")
  func bytes() throws {
    try desk.open(.batch, 1, 1...9)
    var random = SeededGenerator(for: #function)
    let good = desk.certificate(1, 1, key()).signedBytes
    for length in [0, 1, 15, good.count - 1] {
      #expect(try desk.ask(bytes: Array(good.prefix(length))) == .notAStatement)
    }
    #expect(try desk.ask(bytes: good + [0]) == .notAStatement)
    for kind in [0, 2, 6, 8, 10, 15] as [UInt8] {
      var other = good
      other[15] = 0x10 | kind
      #expect(try desk.ask(bytes: other) == .notAStatement)
    }
    var foreign = good
    foreign[17] ^= 1
    #expect(try desk.ask(bytes: foreign) == .foreignKey)
    var flagged = good
    flagged[16] = 1
    #expect(try desk.ask(bytes: flagged) == .notAStatement)
    var label = good
    label[13] = 0x32
    #expect(try desk.ask(bytes: label) == .notAStatement)
    for _ in 0..<300 { _ = try desk.ask(bytes: random.mutate(good)) }
    desk.checkPromises()
  }

  @Test("what is parsed is what is signed, for every kind")
  func parsing() throws {
    let contents: [SignedContent] = [
      desk.certificate(1, 1, key()), desk.epoch(7), desk.revocation(3, 4), desk.rotation(5, 6),
      SignedContent(.policy(PolicyContent(from: SystemID(1), to: SystemID(2), lastEpoch: 3)), issuer: desk.issuer),
      SignedContent(.issuance(IssuanceContent(count: 8, head: key())), issuer: desk.issuer),
    ]
    for content in contents {
      let bytes = content.signedBytes
      #expect(try SignedContent(parsing: bytes.bytes) == content)
    }
    // As the issuer has it signed.
    let signer = Recorder()
    let certified = key()
    _ = try Issuer(signer).certificate(
      for: certified, system: SystemID(1), device: DeviceID(2), generation: 3, lastEpoch: 4)
    let parsed = try SignedContent(parsing: signer.message.bytes)
    guard case .certificate(let fields, certified) = parsed.content else {
      Issue.record("\(parsed)")
      return
    }
    #expect(fields.generation == 3 && fields.device == DeviceID(2) && fields.lastEpoch == 4)
    _ = try Issuer(signer).statement(EpochContent(epoch: 9))
    #expect(try SignedContent(parsing: signer.message.bytes).content == .epoch(EpochContent(epoch: 9)))
  }

  private final class Recorder: Signer {
    var message: [UInt8] = []
    let publicKey = Ed25519.PublicKey()

    func signature(for message: RawSpan) -> Ed25519.Signature {
      self.message = [UInt8](copying: message)
      return Ed25519.Signature()
    }
  }
}
