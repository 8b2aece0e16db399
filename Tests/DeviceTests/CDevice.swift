// SPDX-License-Identifier: Apache-2.0

import CCountersign

/// A device as firmware in C sees it: nothing but `countersign.h`.
final class CDevice {
  let context = UnsafeMutablePointer<countersign_context>.allocate(capacity: 1)
  var frame = [UInt8](repeating: 0, count: 256)
  var todo: UInt32 = 0
  private(set) var stored: [UInt8]
  /// What the last message opened was, also where that failed.
  var last = countersign_message()
  var opened: [UInt8] = []

  init(_ stored: [UInt8]) { self.stored = stored }
  deinit {
    countersign_clear(context)
    context.deallocate()
  }

  func load(size: Int = MemoryLayout<countersign_context>.size) -> countersign_result {
    countersign_init(context, size, stored, stored.count)
  }

  /// The first frame, or with the server's answer the first record.
  func handshake(_ input: [UInt8]? = nil, capacity: Int = 256) throws(CError) -> [UInt8] {
    var size = 0
    try check(countersign_handshake(context, input, input?.count ?? 0, &frame, capacity, &size))
    return Array(frame[..<size])
  }

  /// The first frame, with an ephemeral key made ahead.
  func handshake(with ephemeral: inout [UInt8]) throws(CError) -> [UInt8] {
    var size = 0
    try check(countersign_handshake_with(context, &ephemeral, ephemeral.count, &frame, frame.count, &size))
    return Array(frame[..<size])
  }

  func seal(_ record: [UInt8], capacity: Int = 256) throws(CError) -> [UInt8] {
    var size = 0
    frame.replaceSubrange(..<record.count, with: record)
    try check(countersign_seal(context, &frame, capacity, record.count, &size))
    return Array(frame[..<size])
  }

  func open(_ bytes: [UInt8]) throws(CError) -> [UInt8] {
    var size = 0
    var bytes = bytes
    try check(countersign_open(context, &bytes, bytes.count, &size, &todo))
    return Array(bytes[..<size])
  }

  func rotate() throws(CError) -> [UInt8] {
    var size = 0
    try check(countersign_rotate(context, &frame, frame.count, &size, &todo))
    return Array(frame[..<size])
  }

  func store() throws(CError) {
    try check(countersign_encode(context, &stored, stored.count))
    countersign_stored(context)
  }

  func has(_ bit: Int) -> Bool { todo & UInt32(bit) != 0 }

  func check(_ result: countersign_result) throws(CError) {
    if result != COUNTERSIGN_OK { throw CError(code: Int(result)) }
  }
}

struct CError: Error, Equatable { var code: Int }
