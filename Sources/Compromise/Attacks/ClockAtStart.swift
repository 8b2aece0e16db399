// SPDX-License-Identifier: Apache-2.0

import Schemes

/// The server's clock is set to 1970: does an outdated credential pass, or a good one fail?
enum ClockAtStart: Attack {
  static let name = "clock-1970"
  static let title = "the server's clock is set to 1970: let an outdated device in, or keep a good one out"
  static let group = AttackGroup.weakness
  static let controls = [
    Control(
      scheme: .certified, weaknesses: .dated, words: "a server that lets certificates expire by its clock")
  ]

  static func run(in world: World) throws -> Finding { try Clocks.run(in: world, seconds: 0) }
}

/// What both clock attacks do.
enum Clocks {
  static func run(in world: World, seconds: Int64) throws -> Finding {
    world.live?.setClock(seconds)
    world.book?.clock = seconds
    do {
      _ = try world.session(0)
    } catch {
      return Finding(.succeeded, "The server asks its clock, and turns a good device away.", "\(error)")
    }
    guard world.scheme.row.hasKeyPair else {
      return Finding(
        .failed, "Nothing of the scheme reads a clock.", "the device was let in at \(seconds) s since 1970")
    }
    // Nine epochs on, the certificate is good for nothing but renewing itself, whatever the clock says.
    try world.advanceEpoch(by: 9)
    let outdated = try world.mayOnlyRenew(0)
    return Finding(
      !outdated, if: "An outdated certificate is good again.",
      else: "Certificates expire by epochs, which the server signs and which never go back; nothing reads a clock.",
      "at \(seconds) s since 1970 the device was let in, and after nine epochs it may only renew")
  }
}
