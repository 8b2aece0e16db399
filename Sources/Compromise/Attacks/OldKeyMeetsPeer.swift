// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import CountersignCrypto
import DeviceHost
import Records
import Registry
import Schemes

/// A thief with a copy of a device from before its rotation talks to a peer over a connection of the two's own, where no server is.
enum OldKeyMeetsPeer: Attack {
  static let name = "old-key-meets-peer"
  static let title =
    "one device's memory, copied before a rotation: talk as that device to a peer directly, without the server"
  static let group = AttackGroup.insider
  static let controls = [
    Control(
      scheme: .certified, weaknesses: .offlinePeer,
      words: "a peer that has been offline since: nobody has told it of the rotation"),
    Control(scheme: .identityBased, weaknesses: .offlinePeer, words: "the same with identity-based credentials"),
  ]

  static func run(in world: World) throws -> Finding {
    guard world.scheme.row.hasKeyPair else { return .notApplicable("Devices have no direct connections.") }
    let (device, peer) = (try world.peer(0), try world.peer(1))
    let thief = try Peer(copying: device)
    try world.rotate(device)
    if !world.weaknesses.contains(.offlinePeer) {
      // What the server tells every device that is online, or comes back.
      for statement in try world.books().registry.rotations(since: 0, for: nil, limit: 32) {
        _ = try peer.identity.receive(.rotation(statement), over: .a)
      }
    }
    do {
      let read = try DirectLine(from: thief, to: peer).say(World.secret(0)).body
      return Finding(
        read == World.secret(0), if: "The old certificate verifies until its last epoch, and the peer knows no better.",
        else: "The peer read something else.", "the peer has from the device: \"\(read.text)\"")
    } catch let error as DeviceError {
      return Finding(
        .failed, "The peer has met the next key, or has the statement of the rotation, and refuses an earlier one.",
        "\(error)")
    }
  }
}
