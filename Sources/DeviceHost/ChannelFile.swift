// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import Files
import CountersignCrypto
import Records
import Secrecy
import Wire

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A device's channels to one application, in a file beside its own: the one in use, and the one before, for requests that are under
/// way. Several processes may work with one file; each change takes a lock and starts from what is on the disk.
final class ChannelFile {
  /// A channel is opened anew after this many seconds.
  static let lifetime: UInt64 = 86_400

  private let path: String
  private var current = DeviceChannel()
  private var previous = DeviceChannel()
  /// A channel that the server does not have, or whose application's key has gone.
  private var refused: ChannelID?
  private var pages = PageLock()

  /// - Parameter device: the path of the device's file.
  init(beside device: String, application: DeviceID) throws(DeviceHostError) {
    path = "\(device).channel-\(application)"
    pages.hold(self)
    try withLock { () throws(DeviceHostError) in try reload() }
  }

  /// The channel in use, if reports may still go through it.
  func current(for application: Certificate, of device: DeviceStore) throws(DeviceHostError) -> ChannelID? {
    let now = Self.now
    let (certificate, epoch) = try device.read { ($0.certificate, $0.trust.epoch) }
    guard let certificate, current.id != refused,
      current.isCurrent(for: application, certificate: certificate, epoch: epoch),
      now < current.openedAt + Self.lifetime, now + Self.lifetime > current.openedAt
    else { return nil }
    return current.id
  }

  /// Opens another channel and stores it; or finds the one that another process has opened meanwhile.
  ///
  /// - Returns: the opening, for the server; nil for another process's channel, whose opening the server has from there.
  func open(to application: Certificate, of device: DeviceStore) throws(DeviceHostError) -> [UInt8]? {
    try withLock { () throws(DeviceHostError) in
      let before = current.id
      try reload()
      if current.id != before, try self.current(for: application, of: device) != nil { return nil }
      var opening = [UInt8](repeating: 0, count: DeviceChannel.maximumOpeningLength)
      try keepAsPrevious()
      let length = try device.read { identity throws(DeviceError) in
        var span = opening.mutableBytes
        return try identity.open(&current, to: application, into: &span)
      }
      current.openedAt = Self.now
      try store()
      return Array(opening[..<length])
    }
  }

  /// Seals a report through the channel in use.
  func seal(
    _ text: [UInt8], _ id: MessageID, wantsDone: Bool, request: RequestID?
  ) throws(DeviceHostError) -> (ChannelRecord.Report, [UInt8]) {
    let report = current.report(id, wantsDone: wantsDone, request: request)
    var sealed = [UInt8](repeating: 0, count: text.count + tagLength)
    var span = sealed.mutableBytes
    do { _ = try current.seal(text.bytes, as: report, into: &span) } catch { throw .device(error) }
    return (report, sealed)
  }

  /// The server does not take reports through this channel: the next one goes through another.
  func refuse(_ id: ChannelID) { refused = id }

  /// Opens a request, and marks nothing.
  ///
  /// - Throws: ``DeviceHostError/device(_:)`` with ``DeviceError/channel(_:)`` for one that was had before, or of a channel that is gone.
  func open(_ request: ChannelNotice.Request, _ sealed: [UInt8]) throws(DeviceHostError) -> [UInt8] {
    if current.id != request.channel, previous.id != request.channel {
      try withLock { () throws(DeviceHostError) in try reload() }
    }
    var text = [UInt8](repeating: 0, count: max(1, sealed.count))
    var span = text.mutableBytes
    let length: Int
    do throws(DeviceError) {
      if current.id == request.channel {
        length = try current.open(sealed.bytes, of: request, into: &span)
      } else if previous.id == request.channel {
        length = try previous.open(sealed.bytes, of: request, into: &span)
      } else {
        throw .channel(.notOpen)
      }
    } catch { throw .device(error) }
    return Array(text[..<length])
  }

  /// Stores that these requests were had. One of a channel that is gone cannot come again.
  func accept(_ requests: [ChannelNotice.Request]) throws(DeviceHostError) {
    try withLock { () throws(DeviceHostError) in
      try reload()
      for request in requests {
        if current.id == request.channel {
          try? current.accept(request)
        } else if previous.id == request.channel {
          try? previous.accept(request)
        }
      }
      try store()
    }
  }

  private func keepAsPrevious() throws(DeviceHostError) {
    guard current.isOpen else { return }
    var bytes = [UInt8](repeating: 0, count: DeviceChannel.encodedLength)
    defer { wipe(&bytes) }
    var span = bytes.mutableBytes
    current.encode(into: &span)
    do { try previous.load(bytes.bytes) } catch { throw .device(error) }
  }

  private func store() throws(DeviceHostError) {
    let length = DeviceChannel.encodedLength
    var bytes = [UInt8](repeating: 0, count: 2 * length)
    defer { wipe(&bytes) }
    var span = bytes.mutableBytes
    current.encode(into: &span)
    var rest = span.suffix(from: length)
    previous.encode(into: &rest)
    do { try SecretFile.replace(path, bytes.bytes) } catch { throw .file(error) }
    current.markStored()
    previous.markStored()
  }

  /// Takes what is on the disk. A damaged file is as good as none: the device opens another channel.
  private func reload() throws(DeviceHostError) {
    guard access(path, F_OK) == 0 else { return }
    let length = DeviceChannel.encodedLength
    var bytes = try usingFiles(try SecretFile.read(path, limit: 2 * length, isInKnownDirectory: true))
    defer { wipe(&bytes) }
    guard bytes.count == 2 * length else {
      current.wipe()
      previous.wipe()
      return
    }
    try? current.load(bytes.bytes.extracting(0..<length))
    try? previous.load(bytes.bytes.extracting(length..<2 * length))
  }

  private func withLock<R>(_ body: () throws(DeviceHostError) -> R) throws(DeviceHostError) -> R {
    let lock = try usingFiles(try FileLock(path + ".lock", patience: .seconds(10), isInKnownDirectory: true))
    defer { withExtendedLifetime(lock) {} }
    return try body()
  }

  /// Seconds since 1970. A clock that is wrong costs an opening, or keeps a channel for as long as it is.
  private static var now: UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return UInt64(max(0, time.tv_sec))
  }
}
