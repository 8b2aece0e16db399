// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import Wire

/// How often this device tells another that it cannot read a frame. An answer to every such frame would let anybody use up this
/// device's budget, and so keep it from answering others.
struct Rejections {
  /// Answers to one device in a second.
  static let perSecond = 8
  /// How many devices are told apart; beyond that, those whose second began first are forgotten.
  static let maximumPeerCount = 256

  private struct Second {
    let start: ContinuousClock.Instant
    var count: Int
  }

  private var seconds: [DeviceAddress: Second] = [:]

  /// Whether `peer` may be told, which counts.
  mutating func allows(_ peer: DeviceAddress, at now: ContinuousClock.Instant) -> Bool {
    if let second = seconds[peer], second.start.duration(to: now) < .seconds(1) {
      guard second.count < Self.perSecond else { return false }
      seconds[peer]?.count += 1
      return true
    }
    if seconds.count >= Self.maximumPeerCount, seconds[peer] == nil,
      let oldest = seconds.min(by: { $0.value.start < $1.value.start })
    {
      // This many devices within one second: one more frame that cannot be read is no longer news.
      guard oldest.value.start.duration(to: now) >= .seconds(1) else { return false }
      seconds[oldest.key] = nil
    }
    seconds[peer] = Second(start: now, count: 1)
    return true
  }
}
