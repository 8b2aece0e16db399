// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Device
import Records
import Schemes
import Wire

/// Wake-ups and their answers: what opens is what sealing makes.
func fuzzWakeUp(_ input: RawSpan) {
  let export = SecretBytes<32>()
  var chain = Chain()
  chain.start(export: export)
  let name = Chain.name(export: export)
  var step = ChainStep()
  chain.advance(&step)
  let fuzzed = [UInt8](copying: input)
  _ = WakeFrame.hint(input)
  var data = [UInt8](repeating: 0, count: fuzzed.count + 1)
  var span = data.mutableBytes
  if let (flags, length) = try? WakeFrame.open(input, name: name, step: step, into: &span) {
    var again = [UInt8](repeating: 0, count: WakeFrame.overhead + length)
    var place = again.mutableBytes
    let count = try? WakeFrame.seal(
      flags, data.bytes.extracting(0..<length), name: name, step: step, into: &place)
    require(count == fuzzed.count && again == fuzzed, "a wake-up that opens is what sealing makes")
  }
  var answer = fuzzed
  var target = answer.mutableBytes
  if let (opened, range) = try? WakeAnswer.open(&target, name: name, key: step.answerKey) {
    require(range.upperBound + tagLength == fuzzed.count, "the data ends where the tag begins")
    _ = opened
  }
}

/// What is stored of a suspended session: whatever it is, loading it ends in a session that serves or in none.
func fuzzSuspendedArea(_ input: RawSpan) {
  struct Flash: SuspensionFlash {
    var bytes: [UInt8]

    mutating func write(_ record: RawSpan, at offset: Int) throws(SuspensionError) {
      bytes.replaceSubrange(offset..<offset + 64, with: [UInt8](copying: record))
    }
  }
  var area = [UInt8](copying: input)
  area = Array((area + [UInt8](repeating: 0, count: SuspendedSession.areaLength)).prefix(SuspendedSession.areaLength))
  // With a checksum that is right now and then.
  for start in stride(from: 0, to: area.count, by: 64) where area[start] & 1 == 1 {
    var sum: UInt32 = .max
    for byte in area[start..<start + 60] {
      sum ^= UInt32(byte)
      for _ in 0..<8 { sum = (sum >> 1) ^ (0xEDB8_8320 & (0 &- (sum & 1))) }
    }
    for index in 0..<4 { area[start + 60 + index] = UInt8(truncatingIfNeeded: ~sum >> UInt32(24 - 8 * index)) }
  }
  var flash = Flash(bytes: area)
  var session = SuspendedSession()
  try? session.load(area.bytes, &flash)
  var frame = [UInt8](repeating: 0, count: 64)
  for _ in 0..<20 {
    var span = frame.mutableBytes
    _ = try? session.seal(.wantsAnswer, RawSpan(), into: &span, &flash)
  }
  let export = SecretBytes<32>()
  let before = flash.bytes
  _ = try? session.prepare(export: export, firstMessage: MessageID(.max >> 1), epoch: 1, area: before.bytes, &flash)
  let stored = flash.bytes
  try? session.activate(stored.bytes, wakeUps: 9, reserve: 8, &flash)
  let isActive = session.isActive
  require(isActive, "a session that was suspended anew serves")
}
