// SPDX-License-Identifier: Apache-2.0

import Cosigner
import Files
import SystemPackage
import TestSeed

/// A disk whose machine loses its power at one of its operations: before it, or after it and before anybody hears of it.
final class SimulatedDisk: LogStorage, @unchecked Sendable {
  struct Death: Equatable {
    let operation: Int
    let afterwards: Bool
  }

  private(set) var durable: [UInt8]
  private var cached: [UInt8]
  private(set) var operations = 0
  private let death: Death?
  private(set) var isDead = false

  init(_ bytes: [UInt8], dying death: Death? = nil) {
    durable = bytes
    cached = bytes
    self.death = death
  }

  func read() throws(FileError) -> [UInt8] {
    try live {}
    return cached
  }

  func append(_ bytes: [UInt8]) throws(FileError) { try live { cached += bytes } }

  func synchronize() throws(FileError) { try live { durable = cached } }

  func truncate(to count: Int) throws(FileError) { try live { cached.removeLast(cached.count - count) } }

  /// What the disk has when the power is back: everything synchronised, and of the rest any parts, in sectors of 16 bytes.
  func survivors(_ random: inout SeededGenerator) -> [UInt8] {
    guard cached.count > durable.count, cached.starts(with: durable) else { return durable }
    var tail = Array(cached[durable.count...])
    tail.removeLast(Int.random(in: 0...tail.count, using: &random))
    for start in stride(from: 0, to: tail.count, by: 16) where Int.random(in: 0..<3, using: &random) == 0 {
      for index in start..<min(start + 16, tail.count) { tail[index] = 0 }
    }
    return durable + tail
  }

  private func live(_ body: () -> Void) throws(FileError) {
    guard !isDead else { throw FileError(.write, "simulated", .system(.ioError)) }
    defer { operations += 1 }
    if operations == death?.operation {
      isDead = true
      if death?.afterwards == true { body() }
      throw FileError(.write, "simulated", .system(.ioError))
    }
    body()
  }
}
