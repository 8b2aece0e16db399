// SPDX-License-Identifier: Apache-2.0

import CCountersign
import Credentials
import CountersignCrypto
import Device
import Records
import Wire

extension UnsafeMutablePointer<countersign_channel> {
  var channel: UnsafeMutablePointer<DeviceChannel> {
    UnsafeMutableRawPointer(self).assumingMemoryBound(to: DeviceChannel.self)
  }
}

extension UnsafePointer<countersign_channel> {
  var channel: UnsafePointer<DeviceChannel> { UnsafeRawPointer(self).assumingMemoryBound(to: DeviceChannel.self) }
}

@c @implementation
public func countersign_channel_size() -> Int { MemoryLayout<DeviceChannel>.size }

@c @implementation
public func countersign_set_applications(_ context: UnsafeMutablePointer<countersign_context>, _ knows: Int32) {
  context.context.pointee.knowsApplications = knows != 0
}

// MARK: In memory and storage

@c @implementation
public func countersign_channel_init(
  _ channel: UnsafeMutablePointer<countersign_channel>, _ channelSize: Int
) -> countersign_result {
  guard channelSize >= MemoryLayout<DeviceChannel>.size,
    UInt(bitPattern: channel) % UInt(MemoryLayout<DeviceChannel>.alignment) == 0
  else { return countersign_result(COUNTERSIGN_BAD_CONTEXT) }
  empty(channel)
  return ok()
}

@inline(never)
private func empty(_ channel: UnsafeMutablePointer<countersign_channel>) {
  channel.channel.initialize(to: DeviceChannel())
}

@c @implementation
public func countersign_channel_load(
  _ channel: UnsafeMutablePointer<countersign_channel>, _ channelSize: Int, _ stored: UnsafePointer<UInt8>,
  _ storedSize: Int
) -> countersign_result {
  let result = countersign_channel_init(channel, channelSize)
  guard result == ok() else { return result }
  do throws(DeviceError) {
    try channel.channel.pointee.load(span(stored, storedSize))
    return ok()
  } catch { return code(error) }
}

@c @implementation
public func countersign_channel_encode(
  _ channel: UnsafePointer<countersign_channel>, _ stored: UnsafeMutablePointer<UInt8>, _ storedCapacity: Int
) -> countersign_result {
  guard storedCapacity >= DeviceChannel.encodedLength else { return countersign_result(COUNTERSIGN_BUFFER_TOO_SMALL) }
  var target = span(stored, storedCapacity)
  channel.channel.pointee.encode(into: &target)
  return ok()
}

@c @implementation
public func countersign_channel_stored(_ channel: UnsafeMutablePointer<countersign_channel>) {
  channel.channel.pointee.markStored()
}

@c @implementation
public func countersign_channel_clear(_ channel: UnsafeMutablePointer<countersign_channel>) {
  channel.channel.pointee.wipe()
}

// MARK: Opening

/// How long a channel serves, in seconds.
private let day: UInt64 = 86_400

/// Where the opening lies in the record that tells the server.
private let openingOffset = 19

@c @implementation
public func countersign_channel_open(
  _ context: UnsafeMutablePointer<countersign_context>, _ channel: UnsafeMutablePointer<countersign_channel>,
  _ record: UnsafePointer<UInt8>, _ recordSize: Int, _ now: UInt64, _ frame: UnsafeMutablePointer<UInt8>,
  _ frameCapacity: Int, _ frameSize: UnsafeMutablePointer<Int>, _ todo: UnsafeMutablePointer<UInt32>
) -> countersign_result {
  todo.pointee = 0
  frameSize.pointee = 0
  guard context.context.pointee.link.isEstablished else { return countersign_result(COUNTERSIGN_OUT_OF_TURN) }
  guard frameCapacity >= Int(COUNTERSIGN_CHANNEL_FRAME_SIZE) else {
    return countersign_result(COUNTERSIGN_BUFFER_TOO_SMALL)
  }
  let length: Int
  do throws(DeviceError) {
    let application = try application(record, recordSize)
    try context.context.pointee.identity.verify(application: application)
    if isCurrent(channel, application, context.context.pointee.identity, now) { return ok() }
    var opening = span(frame + openingOffset, frameCapacity - openingOffset)
    length = try context.context.pointee.identity.open(&channel.channel.pointee, to: application, into: &opening)
    channel.channel.pointee.openedAt = now
  } catch { return code(error) }
  todo.pointee = UInt32(COUNTERSIGN_STORE_CHANNEL)
  // Encoding writes the opening where it is.
  let opening = span(UnsafePointer(frame + openingOffset), length)
  let opened = ChannelRecord.open(
    application: channel.channel.pointee.application.device,
    generation: channel.channel.pointee.applicationGeneration, channel: channel.channel.pointee.id, opening)
  return seal(.channel(opened), context, frame, frameCapacity, frameSize)
}

@inline(never)
private func application(_ record: UnsafePointer<UInt8>, _ size: Int) throws(DeviceError) -> Certificate {
  do throws(WireError) {
    guard case .channel(.application(_, let certificate, _)) = try ServerRecord(decoding: span(record, size)) else {
      throw .invalidValue
    }
    return certificate
  } catch { throw DeviceError(record: error) }
}

@inline(never)
private func isCurrent(
  _ channel: UnsafeMutablePointer<countersign_channel>, _ application: Certificate,
  _ identity: borrowing DeviceIdentity, _ now: UInt64
) -> Bool {
  guard let certificate = identity.certificate else { return false }
  // A clock that was set back makes no channel older.
  let openedAt = channel.channel.pointee.openedAt
  guard now < openedAt || now - openedAt < day else { return false }
  return channel.channel.pointee.isCurrent(
    for: application, certificate: certificate, epoch: identity.trust.epoch)
}
