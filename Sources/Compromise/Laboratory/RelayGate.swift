// SPDX-License-Identifier: Apache-2.0

import Credentials
import Foundation
import Registry
import Relay

/// The live server of module Relay, over a registry of module Registry.
final class RelayGate: Gate {
  let relay: InProcessRelay

  init(_ relay: InProcessRelay) { self.relay = relay }

  func connect() -> any Line { RelayLine(relay) }
}

final class RelayLine: Line {
  private let relay: InProcessRelay
  private let line: InProcessLine

  init(_ relay: InProcessRelay) {
    self.relay = relay
    line = relay.connect()
  }

  func send(_ frame: [UInt8]) -> [[UInt8]] {
    line.arrive(frame)
    relay.settle()
    return line.takeFrames()
  }

  /// Sends frames, each before the one in front of it is answered.
  func send(atOnce frames: [[UInt8]]) -> [[UInt8]] {
    for frame in frames { line.arrive(frame) }
    return take()
  }

  /// What has come meanwhile.
  func take() -> [[UInt8]] {
    relay.settle()
    return line.takeFrames()
  }

  func cut() { line.cut() }

  var refusal: String? { line.closeReason }

  /// A routed record is laid out as length (2), type (1), sender (12), session (4), text, and room for the tag (16).
  var accepted: [HeardText] {
    line.routed.map { HeardText(device: $0.from, text: Array($0.record.dropFirst(19).dropLast(16))) }
  }
}
