// SPDX-License-Identifier: Apache-2.0

/// A time that was measured in turns, so that a disturbance of one of them shows: the median of the turns' medians, and their range.
public struct Timing: Codable, Equatable, Sendable {
  /// Microseconds.
  public var value: Double
  public var low: Double
  public var high: Double
  public var doubts = [Doubt.timed]

  /// - Parameter turns: the samples of each turn, in microseconds; at least one turn with at least one.
  init(turns: [[Double]]) {
    let medians = turns.map(Self.median).sorted()
    value = Self.median(medians)
    low = medians.first ?? value
    high = medians.last ?? value
  }

  /// How far the turns were apart from what they came to, as a share of it.
  public var spread: Double { value > 0 ? max(high / value - 1, 1 - low / value) : 0 }

  /// The same for each of so many.
  static func / (timing: Timing, count: Double) -> Timing {
    var part = timing
    part.value /= count
    part.low /= count
    part.high /= count
    return part
  }

  static func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    guard !sorted.isEmpty else { return 0 }
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }
}
