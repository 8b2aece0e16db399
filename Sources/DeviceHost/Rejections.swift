import Credentials
import Device

/// How often this device tells each other one that it cannot read a frame. An answer to every such frame would let anybody use up what
/// this device may send, and so keep it from answering others.
struct Rejections {
  /// Answers to one device in a second.
  static let perSecond = 8
  /// Devices that are told apart; of more, those whose second began first are forgotten.
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
      // Within one second so many devices: what none of them can read is no news any more.
      guard oldest.value.start.duration(to: now) >= .seconds(1) else { return false }
      seconds[oldest.key] = nil
    }
    seconds[peer] = Second(start: now, count: 1)
    return true
  }
}
