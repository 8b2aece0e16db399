// SPDX-License-Identifier: Apache-2.0

import Schemes

/// Somebody on the wire drops, repeats and swaps the frames of a live session.
enum WireReorders: Attack {
  static let name = "wire-reorders"
  static let title = "no key, the wire: drop, repeat and reorder frames of a live session"
  static let group = AttackGroup.wire
  static let controls = [
    Control(
      scheme: .derivedKeyEphemeral, weaknesses: .anyOrder,
      words: "a server that takes frames in any order, any number of times")
  ]

  static func run(in world: World) throws -> Finding {
    let texts = ["one", "two", "three"].map { Array($0.utf8) }
    // Which frames arrive, by number, after the device's first record.
    let plans = [("dropped", [0, 2]), ("repeated", [0, 0]), ("swapped", [1, 0])]
    var evidence: [String] = []
    for (name, plan) in plans {
      let line = world.gate.connect()
      let client = try world.client(0)
      guard let reply = line.send(try client.hello()).first else { throw LaboratoryError.noAnswer(line.refusal ?? "") }
      try client.finish(reply) { _ = line.send($0) }
      _ = line.send(try client.seal(world.helloRecord(0)))
      let frames = try texts.map { try client.seal(world.textRecord($0)) }
      for index in plan { _ = line.send(frames[index]) }
      let read = line.accepted.map { $0.text.text }
      if read.count == plan.count {
        return Finding(.succeeded, "The server took the frames as they came.", "\(name): the server read \(read)")
      }
      evidence.append("\(name): read \(read), then \(line.refusal ?? "waited")")
      (line as? RelayLine)?.cut()
    }
    return Finding(
      .detected, "Every frame has its number in its nonce: the first one out of turn ends the session.",
      evidence.joined(separator: "; "))
  }
}
