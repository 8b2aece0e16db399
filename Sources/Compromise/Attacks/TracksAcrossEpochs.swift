// SPDX-License-Identifier: Apache-2.0

import Schemes

/// The same over epochs: by the name in the hello, or by the counter beside it.
enum TracksAcrossEpochs: Attack {
  static let name = "tracks-across-epochs"
  static let title = "no key, the wire: tell that sessions of different epochs are of the same device"
  static let group = AttackGroup.wire

  static func run(in world: World) throws -> Finding {
    // The devices have lived differently long.
    for _ in 0..<4 { _ = try world.session(0) }
    _ = try world.session(2)
    let first = [try world.session(0), try world.session(1), try world.session(2)].map(\.hello)
    try world.advanceEpoch()
    // They hear of it in the next session.
    for index in [0, 1, 2] { _ = try world.session(index) }
    let again = try world.session(1).hello
    let matches = first.map { Tracker.sharedPrefix($0, again) }
    if matches[1] >= 2 && matches[1] > matches[0] && matches[1] > matches[2] {
      return Finding(
        .succeeded, "The name in front of the hello never changes.",
        "bytes that the later hello shares with those of the three devices: \(matches)")
    }
    let counters = first.map { Self.counter($0) }
    if let next = Self.counter(again), counters.filter({ $0 == next - 2 }).count == 1, counters[1] == next - 2 {
      return Finding(
        .succeeded, "The name changes, but the counter beside it is in clear and goes on where it was.",
        "counters of the three devices \(counters.map { $0.map(String.init) ?? "-" }), then \(next)")
    }
    return Finding(
      .failed,
      world.scheme.row.hint == .pseudonymStart
        ? "The name changes with the epoch, and there is no counter."
        : "A hello has nothing in clear but the scheme and a fresh key.",
      "bytes shared: \(matches)")
  }

  /// The counter of a hello without ephemeral key, which stands before its 16 bytes of code.
  private static func counter(_ hello: [UInt8]) -> UInt32? {
    guard hello.count == 29 || hello.count == 33 else { return nil }
    return hello[(hello.count - 20)..<(hello.count - 16)].reduce(0) { $0 << 8 | UInt32($1) }
  }
}
