// SPDX-License-Identifier: Apache-2.0

import Schemes

/// The server's clock is set to 2100.
enum ClockAtEnd: Attack {
  static let name = "clock-2100"
  static let title = "the server's clock is set to 2100: let an outdated device in, or keep a good one out"
  static let group = AttackGroup.weakness
  static let controls = [
    Control(
      scheme: .certified, weaknesses: .dated, words: "a server that lets certificates expire by its clock")
  ]

  static func run(in world: World) throws -> Finding { try Clocks.run(in: world, seconds: 4_102_444_800) }
}
