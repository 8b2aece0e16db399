// SPDX-License-Identifier: Apache-2.0

import Schemes
import Credentials
import Foundation
import CountersignCrypto

/// Somebody may write the registry's file, and has no key: it puts a key of its own into a device's row.
enum RegistryWrittenPoses: Attack {
  static let name = "registry-written-poses"
  static let title = "write access to the registry: pose as a device"
  static let group = AttackGroup.registry
  static let controls = [
    Control(scheme: .compactKK, weaknesses: .plainRegistry, words: "a server that believes its registry's rows")
  ]

  static func run(in world: World) throws -> Finding {
    var memory = world.memory(1)
    memory.privateKey = .random(32)
    memory.symmetricKey = .random(32)
    memory.counter = 0
    let key = try Derivation.publicKey(memory.privateKey)
    // What goes with the key cannot be made without the issuing key: no signature at all, or the credential of the old key.
    memory.certificate = memory.certificate.map { old in
      old.identityCredential.map { Certificate($0, publicKey: key) }
        ?? Certificate(fields: old.fields, publicKey: key, signature: Bytes())
    }
    // Every column is the thief's to write, that too which says of what kind the row is.
    var evidence: [String] = []
    for row in world.scheme.row.hasKeyPair
      ? [RegistryFile.Row.credential(key), .certificate(key)] : [.computed(memory.symmetricKey)]
    {
      if let live = world.live {
        world.replaceGate(try live.restart { try RegistryFile($0).put(row, in: memory.address) })
      } else {
        world.book?.book.rows[memory.address]?.publicKey = key
      }
      let posing = try world.attacker(Loot(memory: memory)).pose(as: memory.address, at: world.gate)
      if posing.isBelieved {
        return Finding(.succeeded, "The server takes what the row says for the device's key.", posing.evidence)
      }
      evidence.append("\(row.words): \(posing.evidence)")
    }
    return Finding(
      .failed,
      world.scheme.row.shown == .credential
        ? "A row is believed only when its credential leads to its key."
        : world.scheme.row.hasKeyPair
          ? "A row is believed only under the owner's signature."
          : "A row holds no key but what a key makes together with the root.",
      evidence.joined(separator: "; "))
  }
}
