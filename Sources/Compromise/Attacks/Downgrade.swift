// SPDX-License-Identifier: Apache-2.0

import Schemes
import Device
import Credentials
import CountersignCrypto
import Keyring
import Registry

/// The fleet has moved on from a key that all devices shared, which the attacker still has from a device of long ago. It changes
/// a hello's scheme on the wire, then opens a session under the old scheme as a device that has moved on.
enum Downgrade: Attack {
  static let name = "downgrade"
  static let title = "the old shared key: bring a device that has moved on back to the weaker scheme"
  static let group = AttackGroup.wire
  static let controls = [
    Control(
      scheme: .derivedKey, weaknesses: .noFloor,
      words: "a server that forgets by which scheme a device has proved itself"
    )
  ]

  static func run(in world: World) throws -> Finding {
    guard world.scheme != .sharedKey else { return .notApplicable("There is no weaker scheme.") }
    _ = try world.session(0)
    var altered = try world.client(0).hello()
    altered[0] = SchemeID.sharedKey.rawValue
    let alteredLine = world.gate.connect()
    _ = alteredLine.send(altered)
    let old = DeviceMemory(
      scheme: .sharedKey, address: world.memory(0).address, generation: 1,
      symmetricKey: try Derivation.shared(
        world.system, master: keyBytes(of: world.authority.derivationMaster)),
      counter: 1000, serverKey: world.authority.serverKey.publicKey, issuerKey: world.authority.issuerKey,
      masterKey: world.authority.identityMaster.publicKey)
    let posing = try world.attacker(Loot(memory: old)).pose(as: old.address, at: world.gate)
    return Finding(
      posing.isBelieved, if: "The server still lets the device in under the key that all had.",
      else: "The server knows by which scheme the device proves itself, and takes no weaker one.",
      "altered hello: \(alteredLine.refusal ?? "answered"); \(posing.evidence)")
  }
}
