// SPDX-License-Identifier: Apache-2.0

import CCountersign
import CountersignCrypto
import Device
import Records
import Wire

@c @implementation
public func countersign_report(
  _ context: UnsafeMutablePointer<countersign_context>, _ channel: UnsafeMutablePointer<countersign_channel>,
  _ number: UInt64, _ wantsDone: Int32, _ answers: UnsafePointer<UInt64>?, _ text: UnsafePointer<UInt8>,
  _ textSize: Int, _ frame: UnsafeMutablePointer<UInt8>, _ frameCapacity: Int, _ frameSize: UnsafeMutablePointer<Int>
) -> countersign_result {
  guard context.context.pointee.link.isEstablished else { return countersign_result(COUNTERSIGN_OUT_OF_TURN) }
  guard textSize >= 0, textSize <= Message.maximumLength else { return code(.messageTooLong) }
  guard frameCapacity - textSize >= Int(COUNTERSIGN_REPORT_OVERHEAD) else {
    return countersign_result(COUNTERSIGN_BUFFER_TOO_SMALL)
  }
  let report = channel.channel.pointee.report(
    MessageID(number), wantsDone: wantsDone != 0, request: answers?.pointee)
  let offset = ChannelRecord.Report.overhead + (answers == nil ? 0 : 8)
  let length: Int
  do throws(DeviceError) {
    var body = span(frame + offset, frameCapacity - offset)
    length = try channel.channel.pointee.seal(span(text, textSize), as: report, into: &body)
  } catch { return code(error) }
  // Encoding writes the ciphertext where it is.
  let body = span(UnsafePointer(frame + offset), length)
  return seal(.channel(.report(report, body)), context, frame, frameCapacity, frameSize)
}

@c @implementation
public func countersign_request_open(
  _ channel: UnsafePointer<countersign_channel>, _ record: UnsafeMutablePointer<UInt8>, _ recordSize: Int,
  _ request: UnsafeMutablePointer<countersign_request>
) -> countersign_result {
  request.pointee = countersign_request()
  do throws(DeviceError) {
    let header = try header(record, recordSize)
    request.pointee.number = header.request
    request.pointee.seconds = header.secondsLeft
    request.pointee.wants_no_reply = header.flags.rawValue & RequestFlags.wantsNoReply.rawValue == 0 ? 0 : 1
    let start = record + ChannelNotice.Request.overhead
    let size = recordSize - ChannelNotice.Request.overhead
    // The text is decrypted where it is.
    var text = span(start, size)
    request.pointee.text_size = try channel.channel.pointee.open(
      span(UnsafePointer(start), size), of: header, into: &text)
    request.pointee.text = UnsafePointer(start)
    return ok()
  } catch { return code(error) }
}

@c @implementation
public func countersign_request_accept(
  _ channel: UnsafeMutablePointer<countersign_channel>, _ record: UnsafePointer<UInt8>, _ recordSize: Int,
  _ todo: UnsafeMutablePointer<UInt32>
) -> countersign_result {
  todo.pointee = 0
  do throws(DeviceError) {
    try channel.channel.pointee.accept(try header(record, recordSize))
    todo.pointee = UInt32(COUNTERSIGN_STORE_CHANNEL)
    return ok()
  } catch { return code(error) }
}

@inline(never)
private func header(_ record: UnsafePointer<UInt8>, _ size: Int) throws(DeviceError) -> ChannelNotice.Request {
  do throws(WireError) {
    guard case .channel(.request(let header, _)) = try ServerRecord(decoding: span(record, size)) else {
      throw .invalidValue
    }
    return header
  } catch { throw DeviceError(record: error) }
}

@c @implementation
public func countersign_request_taken(
  _ context: UnsafeMutablePointer<countersign_context>, _ channel: UnsafePointer<countersign_channel>,
  _ number: UInt64, _ frame: UnsafeMutablePointer<UInt8>, _ frameCapacity: Int, _ frameSize: UnsafeMutablePointer<Int>
) -> countersign_result {
  seal(
    .channel(.taken(application: channel.channel.pointee.application.device, request: number)), context, frame,
    frameCapacity, frameSize)
}
