// SPDX-License-Identifier: Apache-2.0

import Schemes

/// Somebody on the wire puts frames of its own into a live session: noise, and frames of another session of the same device.
enum WireInjects: Attack {
  static let name = "wire-injects"
  static let title = "no key, the wire: inject frames into a live session"
  static let group = AttackGroup.wire
  static let controls = [
    Control(
      scheme: .derivedKeyEphemeral, weaknesses: .unauthenticated,
      words: "a Diffie-Hellman that nobody authenticates: the injector becomes the other end")
  ]

  static func run(in world: World) throws -> Finding {
    let old = try world.session(0)
    var evidence: [String] = []
    for (name, frame) in [("noise", [UInt8].random(40)), ("another session's frame", old.fromDevice.last ?? [])] {
      let line = world.gate.connect()
      let client = try world.client(0)
      guard let reply = line.send(try client.hello()).first else { throw LaboratoryError.noAnswer(line.refusal ?? "") }
      try client.finish(reply) { _ = line.send($0) }
      _ = line.send(try client.seal(world.helloRecord(0)))
      _ = line.send(frame)
      if !line.accepted.isEmpty {
        return Finding(.succeeded, "The server read what was injected.", "\(name): \(line.accepted[0].text.printable)")
      }
      evidence.append("\(name): \(line.refusal ?? "waited")")
      (line as? RelayLine)?.cut()
    }
    if world.weaknesses.contains(.unauthenticated) {
      let posing = try world.attacker().say(
        Attacker.lie, as: DeviceEnd(try NoiseClient(try zeroKeyed(world.memory(0)), world.epoch)),
        on: world.gate.connect())
      return Finding(
        !posing.isEmpty, if: "Whoever speaks is taken for the device.", else: "Refused.", "the server read \(posing)")
    }
    return Finding(
      .detected, "A frame that was not made under the session's key ends the session.", evidence.joined(separator: "; ")
    )
  }

  private static func zeroKeyed(_ memory: DeviceMemory) throws -> DeviceMemory {
    var memory = memory
    memory.symmetricKey = [UInt8](repeating: 0, count: 32)
    return memory
  }
}
