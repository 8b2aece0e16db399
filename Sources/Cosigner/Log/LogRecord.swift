// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Wire

/// One record of a co-signer's log.
///
/// Layout: length of the body (2), body, the first 16 bytes of SHA-256 over a label and both. The body: number (8), number of the first
/// record that was written at the same time (8), the first 16 bytes of the hash of the head before it, the entry.
struct LogRecord {
  static let maximumBodyLength = 512
  private static let headerLength = 32
  private static let frameLength = 18

  let number: UInt64
  /// Records from this one on reached the disk together: none of them was acknowledged without the others.
  let commit: UInt64
  let previous: Bytes<16>
  let entry: [UInt8]
  let encoded: [UInt8]

  init(_ entry: [UInt8], after head: LogHead, commit: UInt64) {
    precondition(Self.headerLength + entry.count <= Self.maximumBodyLength, "an entry fits a record")
    number = head.count
    self.commit = commit
    previous = Self.shorten(head.hash)
    self.entry = entry
    let length = Self.headerLength + entry.count
    var bytes = [UInt8](repeating: 0, count: length + Self.frameLength)
    var target = bytes.mutableBytes
    var writer = ByteWriter(&target)
    writer.uint16(UInt16(length))
    writer.uint64(number)
    writer.uint64(commit)
    writer.bytes(previous.bytes)
    writer.bytes(entry.bytes)
    _ = consume writer
    let check = Self.check(bytes.bytes.extracting(0..<2 + length))
    target = bytes.mutableBytes
    copyBytes(check.bytes, to: &target, at: 2 + length)
    encoded = bytes
  }

  /// The record that begins these bytes; nil when none does, whole.
  init?(startOf bytes: RawSpan) {
    var reader = ByteReader(bytes)
    guard let length = try? Int(reader.uint16()), length >= Self.headerLength, length <= Self.maximumBodyLength,
      bytes.byteCount >= length + Self.frameLength, let number = try? reader.uint64(),
      let commit = try? reader.uint64(), let previous = try? Bytes<16>(&reader),
      let entry = try? reader.bytes(length - Self.headerLength), let check = try? Bytes<16>(&reader),
      Self.check(bytes.extracting(0..<2 + length)) == check
    else { return nil }
    self.number = number
    self.commit = commit
    self.previous = previous
    self.entry = [UInt8](copying: entry)
    encoded = [UInt8](copying: bytes.extracting(0..<length + Self.frameLength))
  }

  /// Whether this record comes next after `head`.
  func continues(_ head: LogHead) -> Bool {
    number == head.count && previous == Self.shorten(head.hash) && commit <= number
  }

  /// The head after this record.
  func head(after head: LogHead) -> LogHead {
    head.adding(encoded.bytes.extracting(2..<encoded.count - 16))
  }

  private static func shorten(_ hash: Bytes<32>) -> Bytes<16> {
    var short = Bytes<16>()
    var target = short.mutableBytes
    copyBytes(hash.bytes.extracting(0..<16), to: &target)
    return short
  }

  private static func check(_ bytes: RawSpan) -> Bytes<16> {
    var hash = Hash.SHA256()
    hash.update("countersign-v1 cosigner record")
    hash.update(bytes)
    var digest = Bytes<32>()
    var target = digest.mutableBytes
    hash.finalize(into: &target)
    return shorten(digest)
  }
}
