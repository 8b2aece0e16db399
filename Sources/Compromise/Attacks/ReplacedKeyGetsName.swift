// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import CountersignCrypto
import Records
import Schemes

/// A device has the replaced key of another certified as its own next one; whoever still holds that key comes under its name.
enum ReplacedKeyGetsName: Attack {
  static let name = "replaced-key-gets-name"
  static let title = "one device: have another's replaced key certified as one's own, and let its holder in"
  static let group = AttackGroup.insider
  static let controls = [
    Control(scheme: .certified, weaknesses: .certificateAlone, words: "a server that certifies any key, proved or not")
  ]

  static func run(in world: World) throws -> Finding {
    guard world.scheme.row.hasKeyPair else { return .notApplicable("The server makes the keys.") }
    guard world.scheme != .identityBased else {
      return .notApplicable("The issuer's part is in every key: none is named.")
    }
    let replaced = world.memory(0)
    _ = try world.rotate(0)
    var insider = world.memory(1)
    let session = try OpenSession(&insider, epoch: world.epoch, at: world.gate)
    let answers = try session.ask(encoded(.renew(try Derivation.publicKey(replaced.privateKey))))
    for answer in answers {
      guard case .certificate(let certificate) = try ServerRecord(decoding: answer.bytes) else { continue }
      var holder = replaced
      holder.address = insider.address
      holder.certificate = certificate
      holder.generation = certificate.fields.generation
      let posing = try world.attacker(Loot(memory: holder)).pose(as: insider.address, at: world.gate)
      return Finding(
        posing.isBelieved, if: "The server certifies a key that was another's, and lets its holder in.",
        else: "The certificate is given, and opens no session.", posing.evidence)
    }
    return Finding(
      .failed, "No key that was ever certified gets a second name or generation, and a next key is proved.",
      "the server: \(session.line.refusal ?? "no certificate")")
  }
}
