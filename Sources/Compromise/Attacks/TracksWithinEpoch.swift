// SPDX-License-Identifier: Apache-2.0

/// An eavesdropper sees sessions of several devices in one epoch and wants to know which two are of the same device.
enum TracksWithinEpoch: Attack {
  static let name = "tracks-within-epoch"
  static let title = "no key, the wire: tell that two sessions of one epoch are of the same device"
  static let group = AttackGroup.wire

  static func run(in world: World) throws -> Finding {
    let first = [try world.session(0), try world.session(1), try world.session(2)].map(\.hello)
    let again = try world.session(1).hello
    let matches = first.map { Tracker.sharedPrefix($0, again) }
    let isTracked = matches[1] >= 2 && matches[1] > matches[0] && matches[1] > matches[2]
    return Finding(
      isTracked, if: "The name in front of the hello stays the same through the epoch.",
      else: "A hello has nothing in clear but the scheme and a fresh key.",
      "bytes that the second session's hello shares with those of the three devices: \(matches)")
  }
}

enum Tracker {
  /// How many bytes after the scheme two hellos have in common.
  static func sharedPrefix(_ a: [UInt8], _ b: [UInt8]) -> Int {
    zip(a.dropFirst(), b.dropFirst()).prefix { $0 == $1 }.count
  }
}
