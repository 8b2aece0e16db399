// SPDX-License-Identifier: Apache-2.0

import Schemes

/// A whole session is recorded and sent to the server again, frame by frame and from every frame on.
enum ReplayedFrames: Attack {
  static let name = "replay"
  static let title = "no key, the wire: replay every message of a recorded session"
  static let group = AttackGroup.wire
  static let controls = [
    Control(
      scheme: .registered, weaknesses: .actsOnFirstMessage, words: "a server that acts on the first message")
  ]

  static func run(in world: World) throws -> Finding {
    let recording = try world.sessionOrEarly(0)
    let frames = recording.frames.filter(\.isFromDevice).map(\.bytes)
    var evidence: [String] = []
    for start in frames.indices {
      let line = world.gate.connect()
      for frame in frames[start...] { _ = line.send(frame) }
      if let statement = line.accepted.first {
        return Finding(
          .succeeded, "The server takes the replayed message for a new one.",
          "from frame \(start + 1) on: the server has from \(statement.device.words): \(statement.text.printable)")
      }
      evidence.append("from frame \(start + 1) on: \(line.refusal ?? "answered, and nothing believed")")
    }
    return Finding(
      .failed,
      world.scheme.row.hasEphemeralKeys
        ? "A replayed first message is answered with fresh keys, under which nothing recorded opens."
        : "The first message's counter was used before.",
      evidence.joined(separator: "; "))
  }
}
