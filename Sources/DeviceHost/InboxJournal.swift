// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import Files
import CountersignCrypto
import SystemPackage
import Wire

/// The file behind an ``Inbox``: entries of 24 bytes, a sender's address, a message number and four bytes of a checksum.
///
/// One process at a time holds it. A torn or damaged entry is skipped; the others count.
final class InboxJournal {
  struct Entry {
    let sender: DeviceAddress
    let id: MessageID
  }

  static let entryLength = 24

  private let path: String
  /// On a separate file, because the journal is replaced when it is rewritten.
  private let lock: FileLock
  private var file: FileDescriptor
  /// Places in the file, those of damaged entries among them.
  private(set) var count: Int

  /// Opens, or creates, the journal.
  init(path: String) throws(DeviceHostError) {
    self.path = path
    lock = try usingFiles(try FileLock(path + ".lock"))
    let opened = try Self.open(path)
    file = opened.file
    count = opened.count
  }

  deinit { try? file.close() }

  private static func open(_ path: String) throws(DeviceHostError) -> (file: FileDescriptor, count: Int) {
    do {
      let file = try OwnFile.open(path, .readWrite, [.create], isInKnownDirectory: true)
      let length = try FileError.naming(.inspect, path) { try file.seek(offset: 0, from: .end) }
      return (file, Int(length) / entryLength)
    } catch { throw .file(error) }
  }

  /// Runs `body`, whose errors are the system's.
  private func naming<Result>(
    _ operation: FileError.Operation, _ body: () throws -> Result
  ) throws(DeviceHostError) -> Result {
    do { return try FileError.naming(operation, path, body) } catch { throw .file(error) }
  }

  /// Every entry that is whole, oldest first.
  func entries() throws(DeviceHostError) -> [Entry] {
    var found: [Entry] = []
    var chunk = [UInt8](repeating: 0, count: 4096 * Self.entryLength)
    var offset = 0
    while offset < count * Self.entryLength {
      let length = try naming(.read) {
        try chunk.withUnsafeMutableBytes { try file.read(fromAbsoluteOffset: Int64(offset), into: $0) }
      }
      guard length >= Self.entryLength else { throw .file(FileError(.read, path, .shortened)) }
      let whole = length / Self.entryLength
      for index in 0..<whole {
        let start = index * Self.entryLength
        if let entry = Entry(chunk[start..<start + Self.entryLength]) { found.append(entry) }
      }
      offset += whole * Self.entryLength
    }
    return found
  }

  /// Adds an entry, durably. One that could not be written whole is overwritten by the next.
  func append(_ entry: Entry) throws(DeviceHostError) { try append([entry]) }

  /// Adds entries, durably, all of them with one write.
  func append(_ entries: [Entry]) throws(DeviceHostError) {
    let bytes = entries.flatMap(\.encoded)
    try naming(.write) {
      try file.writeAll(toAbsoluteOffset: Int64(count * Self.entryLength), bytes)
      try file.synchronize()
    }
    count += entries.count
  }

  /// Replaces the whole file; a crash leaves the old one or the new.
  func rewrite(_ entries: [Entry]) throws(DeviceHostError) {
    let content = entries.flatMap(\.encoded)
    do { try SecretFile.replace(path, content.bytes) } catch { throw .file(error) }
    let replaced = try Self.open(path)
    try? file.close()
    file = replaced.file
    count = replaced.count
  }
}

extension InboxJournal.Entry {
  var encoded: [UInt8] {
    var bytes = [UInt8](repeating: 0, count: InboxJournal.entryLength)
    var span = bytes.mutableBytes
    var writer = ByteWriter(&span)
    sender.encode(&writer)
    writer.uint64(id.rawValue)
    _ = consume writer
    bytes.replaceSubrange(20..<24, with: Self.checksum(bytes[..<20]))
    return bytes
  }

  init?(_ bytes: ArraySlice<UInt8>) {
    guard bytes.suffix(4) == Self.checksum(bytes.prefix(20)) else { return nil }
    let bytes = [UInt8](bytes)
    var reader = ByteReader(bytes.bytes)
    guard let sender = try? DeviceAddress(&reader), let id = try? reader.uint64() else { return nil }
    self.init(sender: sender, id: MessageID(id))
  }

  private static func checksum(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var digest = [UInt8](repeating: 0, count: 32)
    var span = digest.mutableBytes
    Hash.SHA256.hash([UInt8](bytes).bytes, into: &span)
    return digest[..<4]
  }
}
