import Credentials
import Foundation
import Primitives

/// Somebody may write the registry's file, and has no key: it puts a key of its own into a device's row.
enum RegistryWrittenPoses: Attack {
  static let name = "registry-written-poses"
  static let title = "write access to the registry: pose as a device"
  static let group = AttackGroup.registry

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
      let gate = try live.restart { try RegistryFile($0).put(key, in: memory.address) }
      world.replaceGate(gate)
    } else {
      world.book?.book.rows[memory.address]?.publicKey = key
      world.book?.book.rows[memory.address]?.ratchetKey = memory.symmetricKey
      world.book?.book.rows[memory.address]?.counter = 0
    }
    let posing = try world.attacker(Loot(memory: memory)).pose(as: memory.address, at: world.gate)
    return Finding(
      posing.isBelieved,
      if: world.scheme == .derivedKeyRatchet
        ? "The ratchet's key is in the row: whoever writes it chooses it."
        : "The server takes the row's key for the device's.",
      else: world.scheme.hasOwnKey
        ? "The row's key is believed only under the owner's signature, or only together with a key from the root."
        : "The keys follow from the root and not from the registry.",
      posing.evidence)
  }
}
