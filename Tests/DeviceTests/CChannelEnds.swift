// SPDX-License-Identifier: Apache-2.0

import CCountersign

/// Both ends of a channel in C, in memory that does not move.
final class CChannelEnds {
  private let near = UnsafeMutablePointer<countersign_channel>.allocate(capacity: 1)
  private let far = UnsafeMutablePointer<countersign_application_channel>.allocate(capacity: 1)
  private let instance = UnsafeMutablePointer<countersign_instance>.allocate(capacity: 1)
  private(set) var parsedChannel: UInt64 = 0

  init() {
    _ = countersign_channel_init(near, MemoryLayout<countersign_channel>.size)
    far.initialize(to: countersign_application_channel())
    _ = countersign_instance_init(instance, MemoryLayout<countersign_instance>.size)
  }

  deinit {
    countersign_channel_clear(near)
    countersign_application_clear(far)
    near.deallocate()
    far.deallocate()
    instance.deallocate()
  }

  /// The frame that tells the server of a new channel; nil where the one that is open serves.
  func open(_ record: [UInt8], _ c: CDevice, now: UInt64 = 1_000) throws(CError) -> [UInt8]? {
    c.frame = [UInt8](repeating: 0, count: Int(COUNTERSIGN_CHANNEL_FRAME_SIZE))
    let capacity = c.frame.count
    var todo: UInt32 = 0
    let frame = try c.write {
      countersign_channel_open($0, near, record, record.count, now, $1, capacity, $2, &todo)
    }
    return frame.isEmpty ? nil : frame
  }

  /// Makes the application's end from a record with an opening.
  func rebuild(_ record: [UInt8], _ c: CDevice) throws(CError) {
    var parsed = countersign_record()
    try c.check(countersign_parse(record, record.count, &parsed))
    parsedChannel = parsed.number
    try c.check(
      countersign_application_open(
        c.context, far, MemoryLayout<countersign_application_channel>.size, record, record.count))
  }

  func report(
    _ text: [UInt8], _ number: UInt64, answers: UInt64?, wantsDone: Bool, _ c: CDevice
  ) throws(CError) -> [UInt8] {
    c.frame = [UInt8](repeating: 0, count: text.count + Int(COUNTERSIGN_REPORT_OVERHEAD))
    let capacity = c.frame.count
    let request = answers.map { [$0] }
    return try c.write {
      countersign_report($0, near, number, wantsDone ? 1 : 0, request, text, text.count, $1, capacity, $2)
    }
  }

  func open(report record: [UInt8], _ c: CDevice) throws(CError) -> (text: [UInt8], countersign_device_report) {
    var record = record
    var report = countersign_device_report()
    let (result, text) = record.withUnsafeMutableBufferPointer {
      let result = countersign_report_open(c.context, far, $0.baseAddress!, $0.count, &report)
      return (result, [UInt8](UnsafeBufferPointer(start: report.text, count: report.text_size)))
    }
    try c.check(result)
    return (text, report)
  }

  func request(_ text: [UInt8], _ number: UInt64, seconds: UInt32, _ c: CDevice) throws(CError) -> [UInt8] {
    c.frame = [UInt8](repeating: 0, count: text.count + Int(COUNTERSIGN_REQUEST_OVERHEAD))
    let capacity = c.frame.count
    return try c.write {
      countersign_request_seal($0, far, instance, number, 1, 0, seconds, text, text.count, $1, capacity, $2)
    }
  }

  func open(request record: [UInt8]) throws(CError) -> (text: [UInt8], countersign_request) {
    var record = record
    var request = countersign_request()
    let (result, text) = record.withUnsafeMutableBufferPointer {
      let result = countersign_request_open(near, $0.baseAddress!, $0.count, &request)
      return (result, [UInt8](UnsafeBufferPointer(start: request.text, count: request.text_size)))
    }
    guard result == COUNTERSIGN_OK else { throw CError(code: Int(result)) }
    return (text, request)
  }

  /// What is to be done once a request is marked as had.
  func accept(_ record: [UInt8]) throws(CError) -> UInt32 {
    var todo: UInt32 = 0
    let result = countersign_request_accept(near, record, record.count, &todo)
    guard result == COUNTERSIGN_OK else { throw CError(code: Int(result)) }
    return todo
  }

  func taken(_ number: UInt64, _ c: CDevice) throws(CError) -> [UInt8] {
    let capacity = c.frame.count
    return try c.write { countersign_request_taken($0, near, number, $1, capacity, $2) }
  }

  /// Stores the device's end, and loads it as after a restart.
  func store() throws(CError) {
    var stored = [UInt8](repeating: 0, count: Int(COUNTERSIGN_CHANNEL_STORED_SIZE))
    let size = MemoryLayout<countersign_channel>.size
    for result in [
      countersign_channel_encode(near, &stored, stored.count),
      countersign_channel_load(near, size, stored, stored.count),
    ] where result != COUNTERSIGN_OK { throw CError(code: Int(result)) }
    countersign_channel_stored(near)
  }
}
