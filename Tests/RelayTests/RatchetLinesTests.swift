// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Schemes
import Synchronization
import Testing
import Wire

@testable import Relay

/// Following a ratchet that is far ahead: every device is reached in the end, and nobody makes the server hash without bound.
@Suite("Ratchets far ahead")
struct RatchetLinesTests {
  private final class Clock: Sendable {
    private let passed = Mutex(Duration.zero)
    private let start = ContinuousClock.now

    var now: ContinuousClock.Instant { start + passed.withLock { $0 } }
    func advance(by seconds: Int) { passed.withLock { $0 += .seconds(seconds) } }
  }

  private let address = DeviceAddress(system: SystemID(1), device: DeviceID(2))
  private let clock = Clock()

  private func lines() -> RatchetLines { RatchetLines(now: { [clock] in clock.now }) }

  private static func key(after steps: UInt32, from start: borrowing SecretBytes<32>) -> [UInt8] {
    var state = RatchetState(key: start)
    defer { state.wipe() }
    state.advance(by: steps - 1, Hash.SHA256.self)
    var key = SecretBytes<32>()
    defer { key.wipe() }
    try? state.key(at: steps, Hash.SHA256.self, into: &key)
    return [UInt8](copying: key.bytes)
  }

  @Test(
    "The key is the one that step by step leads to, at every distance",
    arguments: [1, 64, 4_096, 4_097, 8_192, 20_001, 65_000])
  func keys(_ counter: UInt32) throws {
    let start = SecretBytes<32>.random()
    let lines = lines()
    let ratchet = RatchetState(key: start)
    var key = SecretBytes<32>()
    for _ in 0..<2 {
      let isThere = try lines.follow(ratchet, of: address, 1, to: counter, into: &key)
      #expect(isThere)
      let found = [UInt8](copying: key.bytes)
      #expect(found == Self.key(after: counter, from: start))
    }
    #expect(throws: SchemesError.staleCounter) { try lines.follow(ratchet, of: address, 1, to: 0, into: &key) }
  }

  @Test("A device that is 300,000 steps ahead is reached by as many attempts as its budget asks for, and then at once")
  func far() throws {
    let start = SecretBytes<32>.random()
    let lines = lines()
    let ratchet = RatchetState(key: start)
    var key = SecretBytes<32>()
    var attempts: UInt32 = 0
    var counter: UInt32 = 300_000
    while try !lines.follow(ratchet, of: address, 1, to: counter, into: &key) {
      attempts += 1
      // Each attempt moves the device.
      counter += 1
      clock.advance(by: 2)
      try #require(attempts < 100)
    }
    #expect(attempts == 4)
    let found = [UInt8](copying: key.bytes)
    #expect(found == Self.key(after: counter, from: start))
    // The way is known: what is left is free.
    let isThere = try lines.follow(ratchet, of: address, 1, to: counter + 1, into: &key)
    #expect(isThere)
    lines.forget(address)
    let isStillThere = try lines.follow(ratchet, of: address, 1, to: counter + 1, into: &key)
    #expect(!isStillThere)
  }

  @Test("Made-up counters spend a budget and no more, and the device that is less far ahead gets in beside them")
  func forged() throws {
    let start = SecretBytes<32>.random()
    let lines = lines()
    let ratchet = RatchetState(key: start)
    var key = SecretBytes<32>()
    // A flood within one moment: after the first few frames each is refused without a step.
    for _ in 0..<10_000 {
      let isThere = try lines.follow(ratchet, of: address, 1, to: .max, into: &key)
      #expect(!isThere)
    }
    // The device is somewhere on the way that the flood has paid for.
    let isThere = try lines.follow(ratchet, of: address, 1, to: 50_000, into: &key)
    #expect(isThere)
    let found = [UInt8](copying: key.bytes)
    #expect(found == Self.key(after: 50_000, from: start))
    // One that is further ahead needs the budget of the seconds to come, flood or not.
    clock.advance(by: 2)
    for _ in 0..<100 { _ = try lines.follow(ratchet, of: address, 1, to: .max - 1, into: &key) }
    let isFurther = try lines.follow(ratchet, of: address, 1, to: 130_000, into: &key)
    #expect(isFurther)
    // Another device has a budget of its own.
    let other = DeviceAddress(system: SystemID(1), device: DeviceID(3))
    let isOther = try lines.follow(ratchet, of: other, 1, to: 60_000, into: &key)
    #expect(isOther)
  }
}
