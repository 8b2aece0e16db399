// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Keyring
import Mailbox
import Records
import Schemes
import Wire

/// What becomes of a wake-up.
enum WakeUpVerdict {
  /// Nobody's, or not to be heard.
  case silence
  case accepted([UInt8]?)
  /// It had been accepted before; its answer goes again.
  case repeated([UInt8])
  /// Two different frames came under one counter.
  case fork(DeviceAddress, String)

  var answer: [UInt8]? {
    switch self {
    case .accepted(let answer): answer
    case .repeated(let answer): answer
    case .silence, .fork: nil
    }
  }
}

/// What became of wake-ups; the label of the metric.
enum WakeUpResult: String, CaseIterable, Sendable {
  case accepted
  case repeated
  case ignored
  case forked
  case failed

  init(_ verdict: WakeUpVerdict, wasStored: Bool) {
    switch verdict {
    case .silence: self = wasStored ? .ignored : .failed
    case .accepted: self = .accepted
    case .repeated: self = .repeated
    case .fork: self = .forked
    }
  }
}

/// A wake-up whose tag has verified, with the keys of its session.
struct OpenedWakeUp: ~Copyable {
  /// At the base of the session's row, and after the wake-up's counter.
  private var base = Chain()
  private var after = Chain()
  private var position: UInt32 = 0
  private var step = ChainStep()
  private(set) var flags: WakeFrame.Flags = []
  private(set) var data: [UInt8] = []
  private(set) var digest: UInt64 = 0

  init() {}

  mutating func wipe() {
    base.wipe()
    after.wipe()
    step.wipe()
    CountersignCrypto.wipe(&data)
  }

  /// Opens a frame under one counter of a session; false when it is not that session's.
  mutating func open(_ frame: [UInt8], _ row: SuspendedRow, _ counter: UInt32, _ authority: Authority) -> Bool {
    let distance = counter - row.base
    guard distance <= SuspendedRow.depth + Suspension.window else { return false }
    do {
      try authority.openChain(
        row.key, of: row.device, generation: row.generation, name: row.name, counter: row.base, into: &base)
      after.copy(from: base)
      after.skip(distance)
      after.advance(&step)
      position = counter + 1
      var data = [UInt8](repeating: 0, count: frame.count)
      var span = data.mutableBytes
      let opened = try WakeFrame.open(frame.bytes, name: row.name, step: step, into: &span)
      flags = opened.flags
      self.data = Array(data.prefix(opened.length))
      CountersignCrypto.wipe(&data)
    } catch { return false }
    var whole = [UInt8](repeating: 0, count: 32)
    var span = whole.mutableBytes
    Hash.SHA256.hash(frame.bytes, into: &span)
    digest = whole.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    return true
  }

  /// The sealed key of the session's chain at `counter`, which is not below its row's base.
  func key(at counter: UInt32, _ row: SuspendedRow, _ authority: Authority) -> [UInt8] {
    var chain = Chain(copying: base)
    defer { chain.wipe() }
    chain.skip(counter - row.base)
    return authority.sealChain(
      chain, of: row.device, generation: row.generation, name: row.name, counter: counter)
  }

  /// The hints of counters, none of which is below the one after the wake-up's.
  func hints(_ counters: Range<UInt32>) -> [(counter: UInt32, hint: UInt64)] {
    Relay.hints(after: after, from: position, counters)
  }

  /// The answer to this wake-up: what it says to what was asked, what has arrived.
  func answer(
    _ record: [UInt8], _ flags: WakeAnswer.Flags, epoch: Epoch, _ row: SuspendedRow, _ counter: UInt32
  ) -> [UInt8]? {
    let arrived = Set(row.accepted.map(\.counter))
    let missing = (row.base..<row.next).first { !arrived.contains($0) } ?? row.next
    let distance = missing <= counter ? UInt8(min(counter + 1 - missing, 255)) : 0
    var bitmap: UInt16 = 0
    for bit in 0..<UInt32(16) where arrived.contains(missing + 1 + bit) { bitmap |= 1 << UInt16(bit) }
    let answer = WakeAnswer(flags: flags, distance: distance, bitmap: bitmap, epoch: epoch)
    var frame = [UInt8](repeating: 0, count: WakeAnswer.overhead + record.count)
    var span = frame.mutableBytes
    guard (try? answer.seal(record.bytes, number: 0, name: row.name, key: step.answerKey, into: &span)) != nil else {
      return nil
    }
    return frame
  }
}
