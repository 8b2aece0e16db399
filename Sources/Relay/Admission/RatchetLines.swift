// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Registry
import Schemes
import Synchronization
import Wire

/// How far the server has followed the ratchets of devices that claim to be far ahead: after an outage, in which every attempt
/// moved them and none was answered, or because somebody who has seen a pseudonym made up the counter.
///
/// The last few thousand steps to a device are free. For the steps before them each device has a budget, and the path is
/// remembered, so that the next attempt continues where this one stopped: no number of lost attempts shuts a device out, and
/// made-up counters cost the server a bounded amount per device and second, whoever sends them. The steps that they make it
/// compute are steps that the device needs too.
final class RatchetLines: Sendable {
  /// Steps that a device's budget holds, a tenth of a second's work, and that it gains in a second.
  static let budget: UInt32 = 65_536
  static let budgetPerSecond: UInt32 = 32_768
  /// Devices that are followed at once, and places on their paths that are remembered: 10 MB.
  static let capacity = 1_024
  static let maximumPoints = 131_072
  /// Places on one device's path. If there would be more, they are further apart.
  static let pointsPerLine = 2_560

  /// How many places all paths have.
  private final class Count: Sendable {
    let value = Atomic<Int>(0)
  }

  private final class Point {
    let step: UInt32
    private var state: RatchetState
    private let count: Count

    init(_ state: borrowing RatchetState, _ count: Count) {
      self.state = RatchetState(copying: state)
      step = state.step
      self.count = count
      count.value.add(1, ordering: .relaxed)
    }

    func copy() -> RatchetState { RatchetState(copying: state) }

    deinit {
      state.wipe()
      count.value.subtract(1, ordering: .relaxed)
    }
  }

  private final class Line: @unchecked Sendable {
    /// These identify the path as that of the device's ratchet in the registry.
    let generation: Generation
    let start: UInt32
    /// Places on the path by their steps, the start first, then at least `stride` apart.
    var points: [Point]
    var stride = RatchetState.stepsAtOnce
    /// How far an attempt came between two of them.
    var progress: Point?
    var tokens = RatchetLines.budget
    var lastRefill: ContinuousClock.Instant
    var lastUse: UInt64 = 0
    private let count: Count

    init(_ generation: Generation, _ state: borrowing RatchetState, _ count: Count, at now: ContinuousClock.Instant) {
      self.generation = generation
      self.count = count
      start = state.step
      points = [Point(state, count)]
      lastRefill = now
    }

    func refill(at now: ContinuousClock.Instant) {
      let gained = min((now - lastRefill) / .seconds(1), 1e6) * Double(RatchetLines.budgetPerSecond)
      guard gained >= 1 else { return }
      tokens = UInt32(min(Double(RatchetLines.budget), Double(tokens) + gained))
      lastRefill = now
    }

    /// The place closest before `counter`.
    func nearest(to counter: UInt32) -> Point {
      var (low, high) = (0, points.count)
      while high - low > 1 {
        let middle = (low + high) / 2
        if points[middle].step <= counter { low = middle } else { high = middle }
      }
      if let progress, progress.step <= counter, progress.step > points[low].step { return progress }
      return points[low]
    }

    func remember(_ state: borrowing RatchetState) {
      guard let last = points.last, state.step >= last.step + stride else {
        progress = Point(state, count)
        return
      }
      points.append(Point(state, count))
      guard points.count > RatchetLines.pointsPerLine else { return }
      points = points.indices.filter { $0.isMultiple(of: 2) }.map { points[$0] }
      stride *= 2
    }
  }

  private struct State {
    var lines: [DeviceAddress: Line] = [:]
    var uses: UInt64 = 0
  }

  private let state = Mutex(State())
  private let count = Count()
  /// One path at a time is continued. This is not the lock above: nobody without steps to compute waits for it.
  private let walking = Mutex(())
  private let now: @Sendable () -> ContinuousClock.Instant

  init(now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
    self.now = now
  }

  /// Finds a device's key after `counter` steps; false when the budget does not reach that far yet.
  ///
  /// - Parameter ratchet: as the registry has it.
  /// - Throws: ``SchemesError/staleCounter``.
  func follow(
    _ ratchet: borrowing RatchetState, of address: DeviceAddress, _ generation: Generation, to counter: UInt32,
    into key: inout SecretBytes<32>
  ) throws(SchemesError) -> Bool {
    guard counter > ratchet.step, counter - ratchet.step > RatchetState.stepsAtOnce else {
      try ratchet.key(at: counter, Hash.SHA256.self, into: &key)
      return true
    }
    let line = line(of: address, generation, ratchet)
    return try walking.withLock { (_) throws(SchemesError) in
      line.refill(at: now())
      var place = line.nearest(to: counter - 1).copy()
      defer { place.wipe() }
      while counter - place.step > RatchetState.stepsAtOnce {
        guard line.tokens >= RatchetState.stepsAtOnce else { return false }
        line.tokens -= RatchetState.stepsAtOnce
        place.advance(by: RatchetState.stepsAtOnce, Hash.SHA256.self)
        line.remember(place)
      }
      try place.key(at: counter, Hash.SHA256.self, into: &key)
      return true
    }
  }

  /// The device's ratchet has moved: forgets the keys on the path to where it is now.
  func forget(_ address: DeviceAddress) {
    state.withLock { $0.lines[address] = nil }
  }

  private func line(
    of address: DeviceAddress, _ generation: Generation, _ ratchet: borrowing RatchetState
  ) -> Line {
    let fresh = Line(generation, ratchet, count, at: now())
    return state.withLock { state in
      state.uses += 1
      var line = fresh
      if let known = state.lines[address], known.generation == generation, known.start == fresh.start { line = known }
      line.lastUse = state.uses
      state.lines[address] = line
      while state.lines.count > Self.capacity || count.value.load(ordering: .relaxed) > Self.maximumPoints {
        let oldest = state.lines.filter { $0.key != address }.min { $0.value.lastUse < $1.value.lastUse }
        guard let oldest else { break }
        state.lines[oldest.key] = nil
      }
      return line
    }
  }
}
