import Credentials
import Device
import Primitives

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The file behind an ``Inbox``: entries of 24 bytes, a sender's address, a message number and four bytes of a checksum.
///
/// One process at a time holds it. An entry that was torn, or damaged later, is passed over; the others stand.
final class InboxJournal {
  struct Entry {
    let sender: DeviceAddress
    let id: MessageID
  }

  static let entryLength = 24

  private let path: String
  /// On a file of its own, for the journal is replaced when it is rewritten.
  private let lock: Int32
  private var descriptor: Int32
  /// Places in the file, those of damaged entries among them.
  private(set) var count = 0

  /// Opens, or creates, the journal.
  init(path: String) throws(DeviceHostError) {
    self.path = path
    descriptor = -1
    lock = try AtomicFile.open(path + ".lock", O_RDWR | O_CREAT, "lock")
    guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
      throw .file(operation: "lock", path: path, reason: "another process receives as this device")
    }
    try reopen()
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
    guard lock >= 0 else { return }
    // A process that this one is just starting has a copy of the descriptor for a moment, which closing would leave locked.
    flock(lock, LOCK_UN)
    close(lock)
  }

  private func reopen() throws(DeviceHostError) {
    if descriptor >= 0 { close(descriptor) }
    descriptor = -1
    descriptor = try AtomicFile.open(path, O_RDWR | O_CREAT, "open", isInKnownDirectory: true)
    let size = lseek(descriptor, 0, SEEK_END)
    guard size >= 0 else { throw .file(operation: "inspect", path: path, reason: lastError()) }
    count = Int(size) / Self.entryLength
  }

  /// Every entry that is whole, oldest first.
  func entries() throws(DeviceHostError) -> [Entry] {
    var found: [Entry] = []
    var chunk = [UInt8](repeating: 0, count: 4096 * Self.entryLength)
    var offset = 0
    while offset < count * Self.entryLength {
      let length = pread(descriptor, &chunk, chunk.count, off_t(offset))
      guard length >= Self.entryLength else {
        if length < 0 && errno == EINTR { continue }
        throw .file(operation: "read", path: path, reason: length < 0 ? lastError() : "it became shorter")
      }
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
  func append(_ entry: Entry) throws(DeviceHostError) {
    let bytes = entry.encoded
    let written = pwrite(descriptor, bytes, bytes.count, off_t(count * Self.entryLength))
    guard written == bytes.count, fdatasync(descriptor) == 0 else {
      throw .file(operation: "write", path: path, reason: written < 0 ? lastError() : "no room for an entry")
    }
    count += 1
  }

  /// Replaces the whole file; a crash leaves the old one or the new.
  func rewrite(_ entries: [Entry]) throws(DeviceHostError) {
    try AtomicFile.replace(path, with: entries.flatMap(\.encoded))
    try reopen()
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
    SHA256.hash([UInt8](bytes).bytes, into: &span)
    return digest[..<4]
  }
}
