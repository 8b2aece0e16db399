// SPDX-License-Identifier: Apache-2.0

import CCountersign
import Credentials
import CountersignCrypto
import Device
import Records
import Schemes
import Wire

@c @implementation
public func countersign_parse(
  _ record: UnsafePointer<UInt8>, _ recordSize: Int, _ parsed: UnsafeMutablePointer<countersign_record>
) -> countersign_result {
  parsed.pointee = countersign_record()
  guard recordSize > 0 else { return countersign_result(COUNTERSIGN_MALFORMED) }
  do throws(WireError) {
    parse(try ServerRecord(decoding: span(record, recordSize)), into: &parsed.pointee)
    parsed.pointee.kind = record.pointee
    return ok()
  } catch { return code(DeviceError(record: error)) }
}

private func parse(_ record: borrowing ServerRecord, into parsed: inout countersign_record) {
  switch record {
  case .welcome(let session, let mayOnlyRenew, _):
    parsed.session = session
    parsed.reason = mayOnlyRenew ? 1 : 0
  case .frame(let from, let session, let body):
    parsed.device = countersign_address(from)
    parsed.session = session
    parsed.setBody(body)
  case .peer(let address, let presence, _):
    parsed.device = countersign_address(address)
    parsed.reason = presence.rawValue
  case .accepted(let id): parsed.number = id.rawValue
  case .refused(let id, let refusal):
    parsed.number = id.rawValue
    parsed.reason = refusal.rawValue
  case .mail(let from, let id, let body), .open(let from, let id, let body):
    parsed.device = countersign_address(from)
    parsed.number = id.rawValue
    parsed.setBody(body)
  case .unreachable(let address, let session):
    parsed.device = countersign_address(address)
    parsed.session = session
  case .keyRefused(let reason, let seconds):
    parsed.reason = reason.rawValue
    parsed.seconds = seconds
  case .turnedAway(let reason): parsed.reason = reason.rawValue
  case .channel(let notice): parse(notice, into: &parsed)
  case .queue(let notice): parse(notice, into: &parsed)
  default: break
  }
}

private func parse(_ notice: borrowing ChannelNotice, into parsed: inout countersign_record) {
  switch notice {
  case .application(let isDefault, let certificate, let name):
    parsed.device = countersign_address(certificate.fields.address)
    parsed.reason = isDefault ? 1 : 0
    parsed.setBody(name)
  case .channelRefused(let channel, let reason):
    parsed.number = channel.number
    parsed.reason = reason.rawValue
  case .later(let id, let seconds):
    parsed.number = id.rawValue
    parsed.seconds = seconds
  case .done(let id): parsed.number = id.rawValue
  case .request(let request, let body):
    // Of the device's own system, which the record does not repeat.
    parsed.device.device = request.application.rawValue
    parsed.number = request.request
    parsed.seconds = request.secondsLeft
    parsed.setBody(body)
  }
}

private func parse(_ notice: borrowing QueueNotice, into parsed: inout countersign_record) {
  switch notice {
  case .opening(let device, _, let channel, let opening):
    parsed.device = countersign_address(device)
    parsed.number = channel.number
    parsed.setBody(opening)
  case .report(let report, let body):
    parsed.device = countersign_address(report.device)
    parsed.number = report.id.rawValue
    parsed.setBody(body)
  case .requestState(let id, let state):
    parsed.number = id
    parsed.reason = state.rawValue
  case .presence(let device, let event, let milliseconds):
    parsed.device = countersign_address(device)
    parsed.reason = event.rawValue
    parsed.number = milliseconds
  }
}

extension Bytes<8> {
  /// A channel's name as a number.
  var number: UInt64 {
    bytes.withUnsafeBytes { UInt64(bigEndian: $0.loadUnaligned(as: UInt64.self)) }
  }
}

extension countersign_record {
  fileprivate mutating func setBody(_ bytes: RawSpan) {
    body_size = bytes.byteCount
    // The record outlives this call: it is the caller's.
    body = bytes.withUnsafeBytes { $0.baseAddress?.assumingMemoryBound(to: UInt8.self) }
  }
}

/// Seals a record into the C side's frame.
func seal(
  _ record: borrowing DeviceRecord, _ context: UnsafeMutablePointer<countersign_context>,
  _ frame: UnsafeMutablePointer<UInt8>, _ capacity: Int, _ size: UnsafeMutablePointer<Int>
) -> countersign_result {
  var target = span(frame, capacity)
  do throws(DeviceError) {
    size.pointee = try context.context.pointee.link.seal(record, into: &target)
    return ok()
  } catch { return code(error) }
}

@c @implementation
public func countersign_lookup(
  _ context: UnsafeMutablePointer<countersign_context>, _ device: UnsafePointer<countersign_address>,
  _ frame: UnsafeMutablePointer<UInt8>, _ frameCapacity: Int, _ frameSize: UnsafeMutablePointer<Int>
) -> countersign_result {
  seal(.lookup(DeviceAddress(device)), context, frame, frameCapacity, frameSize)
}

@c @implementation
public func countersign_delivered(
  _ context: UnsafeMutablePointer<countersign_context>, _ from: UnsafePointer<countersign_address>, _ number: UInt64,
  _ frame: UnsafeMutablePointer<UInt8>, _ frameCapacity: Int, _ frameSize: UnsafeMutablePointer<Int>
) -> countersign_result {
  seal(.delivered(from: DeviceAddress(from), id: MessageID(number)), context, frame, frameCapacity, frameSize)
}

@c @implementation
public func countersign_ping(
  _ context: UnsafeMutablePointer<countersign_context>, _ frame: UnsafeMutablePointer<UInt8>, _ frameCapacity: Int,
  _ frameSize: UnsafeMutablePointer<Int>
) -> countersign_result {
  seal(.ping, context, frame, frameCapacity, frameSize)
}

@c @implementation
public func countersign_relay(
  _ context: UnsafeMutablePointer<countersign_context>, _ to: UnsafePointer<countersign_address>, _ session: UInt32,
  _ frame: UnsafeMutablePointer<UInt8>, _ frameCapacity: Int, _ bodySize: Int, _ frameSize: UnsafeMutablePointer<Int>
) -> countersign_result {
  guard bodySize >= 0, frameCapacity - bodySize >= Int(COUNTERSIGN_RELAY_OFFSET + COUNTERSIGN_OVERHEAD) else {
    return countersign_result(COUNTERSIGN_BUFFER_TOO_SMALL)
  }
  // Encoding writes the body where it is.
  let body = span(UnsafePointer(frame + Int(COUNTERSIGN_RELAY_OFFSET)), bodySize)
  return seal(.frame(to: DeviceAddress(to), session: session, body), context, frame, frameCapacity, frameSize)
}

@c @implementation
public func countersign_deposit_open(
  _ context: UnsafeMutablePointer<countersign_context>, _ to: UnsafePointer<countersign_address>, _ number: UInt64,
  _ text: UnsafePointer<UInt8>, _ textSize: Int, _ frame: UnsafeMutablePointer<UInt8>, _ frameCapacity: Int,
  _ frameSize: UnsafeMutablePointer<Int>
) -> countersign_result {
  guard textSize >= 0, textSize <= Message.maximumLength else { return code(.messageTooLong) }
  return seal(
    .open(to: DeviceAddress(to), id: MessageID(number), span(text, textSize)), context, frame, frameCapacity, frameSize)
}
