// SPDX-License-Identifier: Apache-2.0

import Credentials
import Keyring
import Schemes
import CountersignCrypto

/// The running server itself, with all that it has in memory but no will to lie: does it read what one device says to another?
enum RelayReadsConversations: Attack {
  static let name = "relay-reads-conversations"
  static let title = "the running server: read what one device says to another"
  static let group = AttackGroup.relay

  static func run(in world: World) throws -> Finding {
    guard world.scheme.row.hasKeyPair else {
      // Devices have no key in common but with the server: it opens and seals again.
      let line = world.gate.connect()
      _ = try world.session(0, on: line)
      return Finding(
        .succeeded, "Two devices have no key in common: the server opens what one says and seals it for the other.",
        "the server read: \(line.accepted.map { $0.text.printable }.joined())")
    }
    let alice = try world.peer(0)
    let bob = try world.peer(1)
    let said = try alice.say(World.secret(0), to: bob, certificate: bob.certificate)
    let server = world.attacker(
      Loot(root: world.root, staticKey: keyBytes(of: world.authority.serverKey)))
    let ring = try KeyRing(server)
    // What it would need is the private half of one of these.
    let e = try X25519.PublicKey(copying: Array(said.frames[0][1..<33]))
    let isOpen = ring.privateKeys[e] != nil || said.frames.contains { $0.contains(sequence: World.secret(0)) }
    return Finding(
      isOpen, if: "The server has a key of the conversation.",
      else: "The two make their keys between them; the server carries frames and has no part in any Diffie-Hellman.",
      "frames carried: \(said.frames.map(\.digest).joined(separator: ", ")); "
        + "DH(e, s of the recipient): \(ring.shared(e, try bob.certificate.publicKey) == nil ? "out of reach" : "in hand")"
    )
  }
}
