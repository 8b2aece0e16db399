// SPDX-License-Identifier: Apache-2.0

import CCountersign
import CountersignCrypto
import Device
import Records
import Wire

extension UnsafeMutablePointer<countersign_application_channel> {
  var channel: UnsafeMutablePointer<ApplicationChannel> {
    UnsafeMutableRawPointer(self).assumingMemoryBound(to: ApplicationChannel.self)
  }
}

extension UnsafePointer<countersign_application_channel> {
  var channel: UnsafePointer<ApplicationChannel> {
    UnsafeRawPointer(self).assumingMemoryBound(to: ApplicationChannel.self)
  }
}

@c @implementation
public func countersign_instance_init(
  _ instance: UnsafeMutablePointer<countersign_instance>, _ instanceSize: Int
) -> countersign_result {
  guard instanceSize >= MemoryLayout<ApplicationInstance>.size else {
    return countersign_result(COUNTERSIGN_BAD_CONTEXT)
  }
  instance.instance.initialize(to: ApplicationInstance())
  return ok()
}

extension UnsafeMutablePointer<countersign_instance> {
  var instance: UnsafeMutablePointer<ApplicationInstance> {
    UnsafeMutableRawPointer(self).assumingMemoryBound(to: ApplicationInstance.self)
  }
}

@c @implementation
public func countersign_application_open(
  _ context: UnsafePointer<countersign_context>, _ channel: UnsafeMutablePointer<countersign_application_channel>,
  _ channelSize: Int, _ record: UnsafePointer<UInt8>, _ recordSize: Int
) -> countersign_result {
  guard channelSize >= MemoryLayout<ApplicationChannel>.size else {
    return countersign_result(COUNTERSIGN_BAD_CONTEXT)
  }
  channel.channel.initialize(to: ApplicationChannel())
  let device: DeviceAddress
  let generation: Generation
  let length: Int
  do throws(WireError) {
    guard
      case .queue(.opening(let from, let key, _, let opening)) = try ServerRecord(decoding: span(record, recordSize))
    else { return countersign_result(COUNTERSIGN_MALFORMED) }
    (device, generation, length) = (from, key, opening.byteCount)
  } catch { return code(DeviceError(record: error)) }
  guard length > 0 else { return countersign_result(COUNTERSIGN_CHANNEL_OUTDATED) }
  do throws(DeviceError) {
    let opening = span(record + (recordSize - length), length)
    try context.context.pointee.identity.open(
      opening, from: device, generation: generation, into: &channel.channel.pointee)
    return ok()
  } catch { return code(error) }
}

@c @implementation
public func countersign_application_clear(_ channel: UnsafeMutablePointer<countersign_application_channel>) {
  channel.channel.pointee.wipe()
}

// MARK: Reports

@c @implementation
public func countersign_report_parse(
  _ record: UnsafePointer<UInt8>, _ recordSize: Int, _ report: UnsafeMutablePointer<countersign_device_report>
) -> countersign_result {
  do throws(DeviceError) {
    _ = try parse(record, recordSize, &report.pointee)
    return ok()
  } catch { return code(error) }
}

private func parse(
  _ record: UnsafePointer<UInt8>, _ size: Int, _ report: inout countersign_device_report
) throws(DeviceError) -> QueueNotice.Report {
  report = countersign_device_report()
  do throws(WireError) {
    guard case .queue(.report(let header, let body)) = try ServerRecord(decoding: span(record, size)) else {
      throw .invalidValue
    }
    report.device = countersign_address(header.device)
    report.sequence = header.sequence
    report.milliseconds = header.milliseconds
    report.number = header.id.rawValue
    report.request = header.request ?? 0
    report.answers = header.request == nil ? 0 : 1
    report.channel = header.channel.number
    report.text_size = body.byteCount
    report.text = record + (size - body.byteCount)
    report.attempt = header.attempt
    report.is_open = header.isOpen ? 1 : 0
    report.wants_done = header.wantsDone ? 1 : 0
    return header
  } catch { throw DeviceError(record: error) }
}

@c @implementation
public func countersign_report_open(
  _ context: UnsafePointer<countersign_context>, _ channel: UnsafePointer<countersign_application_channel>,
  _ record: UnsafeMutablePointer<UInt8>, _ recordSize: Int,
  _ report: UnsafeMutablePointer<countersign_device_report>
) -> countersign_result {
  do throws(DeviceError) {
    let header = try parse(record, recordSize, &report.pointee)
    let size = report.pointee.text_size
    report.pointee.text_size = 0
    try context.context.pointee.identity.check(channel.channel.pointee)
    let start = record + (recordSize - size)
    var text = span(start, size)
    report.pointee.text_size = try channel.channel.pointee.open(
      span(UnsafePointer(start), size), of: header, into: &text)
    return ok()
  } catch { return code(error) }
}
