// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Files

/// What a co-signer has signed and been told, in order. It only grows; each record is chained to all before it.
struct CosignerLog {
  private let storage: any LogStorage
  private(set) var head = LogHead.none
  /// The first 16 bytes of each record's hash: what a server that remembers an older head is compared with.
  private var hashes: [Bytes<16>] = []

  /// Reads a log. What the last writing left unfinished is cut off; nothing of it had been acknowledged.
  ///
  /// - Parameter replay: gets each entry, in order.
  /// - Throws: ``CosignerError/damagedLog(record:)`` when something is wrong before what was written last.
  init(
    opening storage: any LogStorage, _ replay: ([UInt8]) throws(CosignerError) -> Void
  ) throws(CosignerError) {
    self.storage = storage
    let bytes = try Self.naming { () throws(FileError) in try storage.read() }
    var offset = 0
    while offset < bytes.count {
      guard let record = LogRecord(startOf: bytes.bytes.extracting(offset...)), record.continues(head) else {
        guard offset > 0, Self.isTorn(bytes, offset, head.count) else {
          throw .damagedLog(record: head.count)
        }
        try Self.naming { () throws(FileError) in
          try storage.truncate(to: offset)
          try storage.synchronize()
        }
        break
      }
      try replay(record.entry)
      note(record)
      offset += record.encoded.count
    }
    guard head.count > 0 else { throw .foreignLog }
  }

  /// The bytes of a new log with one entry.
  static func founding(_ entry: [UInt8]) -> [UInt8] { LogRecord(entry, after: .none, commit: 0).encoded }

  /// Appends entries. They are on the disk when this returns.
  mutating func append(_ entries: [[UInt8]]) throws(CosignerError) {
    guard !entries.isEmpty else { return }
    let commit = head.count
    var (bytes, head, records): ([UInt8], LogHead, [LogRecord]) = ([], head, [])
    for entry in entries {
      let record = LogRecord(entry, after: head, commit: commit)
      bytes += record.encoded
      head = record.head(after: head)
      records.append(record)
    }
    let storage = storage
    try Self.naming { () throws(FileError) in
      try storage.append(bytes)
      try storage.synchronize()
    }
    for record in records { note(record) }
  }

  /// How this log stands to one of which somebody remembers the head.
  enum Relation { case continues, behind, forked }

  func relation(to remembered: LogHead) -> Relation {
    guard remembered.count > 0 else { return .continues }
    guard remembered.count <= head.count else { return .behind }
    var short = Bytes<16>()
    var target = short.mutableBytes
    copyBytes(remembered.hash.bytes.extracting(0..<16), to: &target)
    return hashes[Int(remembered.count) - 1] == short ? .continues : .forked
  }

  /// The records after the first `count`, as they are stored: for another copy of this log.
  func records(after count: UInt64) throws(CosignerError) -> [UInt8] {
    let storage = storage
    let bytes = try Self.naming { () throws(FileError) in try storage.read() }
    var offset = 0
    for _ in 0..<min(count, head.count) {
      guard let record = LogRecord(startOf: bytes.bytes.extracting(offset...)) else {
        throw .damagedLog(record: count)
      }
      offset += record.encoded.count
    }
    return Array(bytes[offset...])
  }

  /// The entries of records that continue this log and lead to `target`.
  ///
  /// - Throws: ``CosignerError/foreignRecords``.
  func entries(of bytes: [UInt8], leadingTo target: LogHead) throws(CosignerError) -> [[UInt8]] {
    var (head, offset, entries): (LogHead, Int, [[UInt8]]) = (head, 0, [])
    while offset < bytes.count {
      guard let record = LogRecord(startOf: bytes.bytes.extracting(offset...)), record.continues(head) else {
        throw .foreignRecords
      }
      entries.append(record.entry)
      head = record.head(after: head)
      offset += record.encoded.count
    }
    guard head == target else { throw .foreignRecords }
    return entries
  }

  /// Appends records as another copy of this log has them.
  mutating func append(records bytes: [UInt8]) throws(CosignerError) {
    let storage = storage
    try Self.naming { () throws(FileError) in
      try storage.append(bytes)
      try storage.synchronize()
    }
    var offset = 0
    while let record = LogRecord(startOf: bytes.bytes.extracting(offset...)) {
      note(record)
      offset += record.encoded.count
    }
  }

  private mutating func note(_ record: LogRecord) {
    head = record.head(after: head)
    var short = Bytes<16>()
    var target = short.mutableBytes
    copyBytes(head.hash.bytes.extracting(0..<16), to: &target)
    hashes.append(short)
  }

  /// Whether what begins at `offset`, where record `number` should be, is what a power cut left of the last writing: then no record
  /// after it was written later than that.
  private static func isTorn(_ bytes: [UInt8], _ offset: Int, _ number: UInt64) -> Bool {
    for start in offset..<bytes.count {
      if let record = LogRecord(startOf: bytes.bytes.extracting(start...)), record.commit > number { return false }
    }
    return true
  }

  private static func naming<Result>(_ body: () throws(FileError) -> Result) throws(CosignerError) -> Result {
    do { return try body() } catch { throw .file(error) }
  }
}
