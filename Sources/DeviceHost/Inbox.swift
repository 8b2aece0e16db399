import Credentials
import Device
import Noise
import Primitives

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Remembers which messages the application has had, over restarts, so that each is delivered once.
///
/// A journal beside the device file: each line of 24 bytes holds a sender's address, a message number and four bytes of a
/// checksum. A torn last line is dropped. Messages are told apart within a window of 2,048 for each sender and generation.
public final class Inbox {
  private struct Stream: Hashable {
    let sender: DeviceAddress
    let generation: UInt16
  }

  private static let entryLength = 24
  private static let compactAfter = 16_384

  private let path: String
  private var windows: [Stream: ReplayWindow<33>] = [:]
  private var descriptor: Int32 = -1
  private var entryCount = 0

  /// Opens, or creates, the journal.
  public init(path: String) throws(DeviceHostError) {
    self.path = path
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_APPEND, 0o600)
    guard descriptor >= 0 else { throw .file(operation: "open", path: path, reason: lastError()) }
    try replay()
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }

  /// Whether the application has not had this message.
  public func isNew(_ id: MessageID, from sender: DeviceAddress) -> Bool {
    let stream = Stream(sender: sender, generation: UInt16(id.rawValue >> 48))
    return windows[stream, default: ReplayWindow()].isFresh(id.rawValue & 0xFFFF_FFFF_FFFF)
  }

  /// Remembers, durably, that the application has had this message.
  public func remember(_ id: MessageID, from sender: DeviceAddress) throws(DeviceHostError) {
    guard accept(id, from: sender) else { return }
    var entry = Self.entry(id, sender)
    let written = entry.withUnsafeBytes { write(descriptor, $0.baseAddress!, $0.count) }
    guard written == entry.count, fdatasync(descriptor) == 0 else {
      throw .file(operation: "write", path: path, reason: lastError())
    }
    entryCount += 1
    entry.removeAll()
  }

  private func accept(_ id: MessageID, from sender: DeviceAddress) -> Bool {
    let stream = Stream(sender: sender, generation: UInt16(id.rawValue >> 48))
    let counter = id.rawValue & 0xFFFF_FFFF_FFFF
    guard windows[stream, default: ReplayWindow()].isFresh(counter) else { return false }
    windows[stream, default: ReplayWindow()].accept(counter)
    return true
  }

  private func replay() throws(DeviceHostError) {
    var entries: [[UInt8]] = []
    var buffer = [UInt8](repeating: 0, count: Self.entryLength)
    var offset: off_t = 0
    while pread(descriptor, &buffer, Self.entryLength, offset) == Self.entryLength {
      guard let (sender, id) = Self.parse(buffer) else { break }
      if accept(id, from: sender) { entries.append(buffer) }
      offset += off_t(Self.entryLength)
      entryCount += 1
    }
    // Whatever follows the last whole entry is a torn write; it must not shift the entries to come.
    guard ftruncate(descriptor, offset) == 0 else {
      throw .file(operation: "truncate", path: path, reason: lastError())
    }
    if entryCount > Self.compactAfter { try compact(entries) }
  }

  /// Rewrites the journal without what has left every window.
  private func compact(_ entries: [[UInt8]]) throws(DeviceHostError) {
    var kept: [UInt8] = []
    for entry in entries {
      guard let (sender, id) = Self.parse(entry) else { continue }
      let stream = Stream(sender: sender, generation: UInt16(id.rawValue >> 48))
      if windows[stream, default: ReplayWindow()].covers(id.rawValue & 0xFFFF_FFFF_FFFF) { kept += entry }
    }
    try AtomicFile.replace(path, with: kept)
    close(descriptor)
    descriptor = open(path, O_RDWR | O_CLOEXEC | O_APPEND, 0o600)
    guard descriptor >= 0 else { throw .file(operation: "open", path: path, reason: lastError()) }
    entryCount = kept.count / Self.entryLength
  }

  private static func entry(_ id: MessageID, _ sender: DeviceAddress) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: entryLength)
    var span = bytes.mutableBytes
    var writer = ByteWriter(&span)
    sender.encode(&writer)
    writer.uint64(id.rawValue)
    _ = consume writer
    let sum = checksum(bytes)
    bytes.replaceSubrange(20..<24, with: sum)
    return bytes
  }

  private static func parse(_ bytes: [UInt8]) -> (DeviceAddress, MessageID)? {
    guard Array(bytes[20..<24]) == checksum(bytes) else { return nil }
    var reader = ByteReader(bytes.bytes)
    guard let sender = try? DeviceAddress(&reader), let id = try? reader.uint64() else { return nil }
    return (sender, MessageID(id))
  }

  private static func checksum(_ bytes: [UInt8]) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: 32)
    var span = digest.mutableBytes
    SHA256.hash(bytes.bytes.extracting(0..<20), into: &span)
    return Array(digest[..<4])
  }
}
