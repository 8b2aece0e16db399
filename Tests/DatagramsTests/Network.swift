// SPDX-License-Identifier: Apache-2.0

import TestSeed

/// A network between one device and the server that loses, repeats and delays datagrams, in a time of its own.
struct Network {
  struct Weather {
    var loss = 0.0
    var repeats = 0.0
    /// Nanoseconds that a datagram takes, from and to.
    var delay: ClosedRange<UInt64> = 10_000_000...10_000_000
    /// Longer ones do not come through.
    var longest = 1_200
  }

  enum End { case device, server }

  private struct Flying {
    let datagram: [UInt8]
    let to: End
    let at: UInt64
  }

  var weather: Weather
  private var generator: SeededGenerator
  private var flying: [Flying] = []
  /// Bytes that were given to the network, whether they came through or not.
  private(set) var sent = 0
  private(set) var lost = 0
  /// Whether something was longer than comes through.
  private(set) var sawTooLong = false

  init(_ weather: Weather, _ generator: SeededGenerator) {
    self.weather = weather
    self.generator = generator
  }

  mutating func send(_ datagram: [UInt8], to end: End, at now: UInt64) {
    sent += datagram.count
    guard datagram.count <= weather.longest else {
      sawTooLong = true
      return
    }
    let copies = Double.random(in: 0..<1, using: &generator) < weather.repeats ? 2 : 1
    for _ in 0..<copies {
      guard Double.random(in: 0..<1, using: &generator) >= weather.loss else {
        lost += 1
        continue
      }
      flying.append(
        Flying(datagram: datagram, to: end, at: now + UInt64.random(in: weather.delay, using: &generator)))
    }
  }

  /// What has arrived by now, in that order.
  mutating func arrivals(at now: UInt64) -> [(datagram: [UInt8], to: End)] {
    let arrived = flying.filter { $0.at <= now }.sorted { $0.at < $1.at }
    flying.removeAll { $0.at <= now }
    return arrived.map { ($0.datagram, $0.to) }
  }
}
