// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import CountersignCrypto
import Records
import Schemes

/// A thief with a copy of a device has a session open while the device's next key is taken into use, and asks over it for a key of
/// its own.
enum OldSessionGetsKey: Attack {
  static let name = "old-session-gets-key"
  static let title =
    "one device's memory, copied: have a key of one's own certified over a session from before the device's rotation"
  static let group = AttackGroup.insider
  static let controls = [
    Control(
      scheme: .certified, weaknesses: .certificateAlone,
      words: "a server that judges a request by what the session was when it began")
  ]

  static func run(in world: World) throws -> Finding {
    var memory = world.memory(0)
    let thief = try OpenSession(&memory, epoch: world.epoch, at: world.gate)
    // Where a counter tells sessions apart, the device's next one follows: this is not about that.
    world.setMemory(memory, of: 0)
    _ = try world.rotate(0)
    var point = IdentityRequest()
    let request: [UInt8]
    if world.scheme.row.shown == .credential {
      point.generate()
      request = encoded(.request(point.point))
    } else if world.scheme.row.hasKeyPair {
      request = encoded(.renew(try Derivation.publicKey(.random(32))))
    } else {
      request = encoded(.rekey)
    }
    let answers = try thief.ask(request)
    // A certificate, a key, or a credential.
    let gained = answers.contains { [0x87, 0x90, 0x92].contains($0.first) }
    return Finding(
      gained,
      if: "The server judges by what the session was, not by what the registry says now.",
      else:
        "The registry holds the session's key against the row in the transaction that acts: the session ends with nothing.",
      gained ? "the server gave it \(answers.count) records" : "the server: \(thief.line.refusal ?? "no answer")")
  }
}
