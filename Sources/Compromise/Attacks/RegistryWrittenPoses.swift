import Credentials
import Foundation
import Primitives

/// Somebody may write the registry's file, and has no key: it puts a key of its own into a device's row.
enum RegistryWrittenPoses: Attack {
  static let name = "registry-written-poses"
  static let title = "write access to the registry: pose as a device"
  static let group = AttackGroup.registry
  static let control: Control? = Control(
    scheme: .compactKK, weaknesses: .plainRegistry, words: "a server that believes its registry's rows")

  static func run(in world: World) throws -> Finding {
    var memory = world.memory(1)
    memory.privateKey = .random(32)
    memory.symmetricKey = .random(32)
    memory.counter = 0
    let key = try Derivation.publicKey(memory.privateKey)
    if let live = world.live {
      // The row is the thief's in every column; the signature is not one, for there is no key to make it with.
      memory.certificate = memory.certificate.map {
        Certificate(fields: $0.fields, publicKey: key, signature: Bytes())
      }
      let material = memory.symmetricKey
      let gate = try live.restart { path in
        if world.scheme.hasOwnKey {
          try RegistryFile(path).put(key, in: memory.address)
        } else {
          try RegistryFile(path).put(material: material, in: memory.address)
        }
      }
      world.replaceGate(gate)
    } else {
      world.book?.book.rows[memory.address]?.publicKey = key
      world.book?.book.rows[memory.address]?.ratchetKey = memory.symmetricKey
      world.book?.book.rows[memory.address]?.counter = 0
    }
    let posing = try world.attacker(Loot(memory: memory)).pose(as: memory.address, at: world.gate)
    return Finding(
      posing.isBelieved,
      if: "The server takes what the row says for the device's key.",
      else: world.scheme.hasOwnKey
        ? "A row is believed only under the owner's signature."
        : "A row holds no key but what a key makes together with the root.",
      posing.evidence)
  }
}
