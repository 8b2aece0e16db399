// SPDX-License-Identifier: Apache-2.0

import CCountersign
import CountersignCrypto
import Device
import Records
import Wire

@c @implementation
public func countersign_request_seal(
  _ context: UnsafeMutablePointer<countersign_context>, _ channel: UnsafePointer<countersign_application_channel>,
  _ instance: UnsafeMutablePointer<countersign_instance>, _ number: UInt64, _ waits: Int32, _ wantsNoReply: Int32,
  _ seconds: UInt32, _ text: UnsafePointer<UInt8>, _ textSize: Int, _ frame: UnsafeMutablePointer<UInt8>,
  _ frameCapacity: Int, _ frameSize: UnsafeMutablePointer<Int>
) -> countersign_result {
  guard context.context.pointee.link.isEstablished else { return countersign_result(COUNTERSIGN_OUT_OF_TURN) }
  guard textSize >= 0, textSize <= Message.maximumLength else { return code(.messageTooLong) }
  guard frameCapacity - textSize >= Int(COUNTERSIGN_REQUEST_OVERHEAD) else {
    return countersign_result(COUNTERSIGN_BUFFER_TOO_SMALL)
  }
  let flags = RequestFlags(
    rawValue: (waits != 0 ? RequestFlags.waits.rawValue : 0)
      | (wantsNoReply != 0 ? RequestFlags.wantsNoReply.rawValue : 0))
  let offset = QueueRecord.Request.overhead
  let header: QueueRecord.Request
  let length: Int
  do throws(DeviceError) {
    try context.context.pointee.identity.check(channel.channel.pointee)
    var body = span(frame + offset, frameCapacity - offset)
    (header, length) = try channel.channel.pointee.seal(
      span(text, textSize), as: number, flags: flags, seconds: seconds, by: &instance.instance.pointee, into: &body)
  } catch { return code(error) }
  // Encoding writes the ciphertext where it is.
  let body = span(UnsafePointer(frame + offset), length)
  return seal(.queue(.request(header, body)), context, frame, frameCapacity, frameSize)
}

@c @implementation
public func countersign_take(
  _ context: UnsafeMutablePointer<countersign_context>, _ bytes: UInt32, _ frame: UnsafeMutablePointer<UInt8>,
  _ frameCapacity: Int, _ frameSize: UnsafeMutablePointer<Int>
) -> countersign_result {
  seal(.queue(.take(bytes: bytes)), context, frame, frameCapacity, frameSize)
}

@c @implementation
public func countersign_done(
  _ context: UnsafeMutablePointer<countersign_context>, _ sequence: UInt64, _ frame: UnsafeMutablePointer<UInt8>,
  _ frameCapacity: Int, _ frameSize: UnsafeMutablePointer<Int>
) -> countersign_result {
  var bytes = Bytes<8>()
  var target = bytes.mutableBytes
  target.storeBytes(of: sequence.bigEndian, as: UInt64.self)
  return seal(.queue(.done(bytes.bytes)), context, frame, frameCapacity, frameSize)
}

@c @implementation
public func countersign_release(
  _ context: UnsafeMutablePointer<countersign_context>, _ sequence: UInt64, _ isDead: Int32,
  _ frame: UnsafeMutablePointer<UInt8>, _ frameCapacity: Int, _ frameSize: UnsafeMutablePointer<Int>
) -> countersign_result {
  seal(.queue(.release(sequence, isDead: isDead != 0)), context, frame, frameCapacity, frameSize)
}

@c @implementation
public func countersign_find(
  _ context: UnsafeMutablePointer<countersign_context>, _ device: UInt64, _ frame: UnsafeMutablePointer<UInt8>,
  _ frameCapacity: Int, _ frameSize: UnsafeMutablePointer<Int>
) -> countersign_result {
  seal(.queue(.find(DeviceID(device))), context, frame, frameCapacity, frameSize)
}

@c @implementation
public func countersign_replay(
  _ context: UnsafeMutablePointer<countersign_context>, _ sequence: UInt64, _ frame: UnsafeMutablePointer<UInt8>,
  _ frameCapacity: Int, _ frameSize: UnsafeMutablePointer<Int>
) -> countersign_result {
  seal(.queue(.replay(from: sequence)), context, frame, frameCapacity, frameSize)
}
