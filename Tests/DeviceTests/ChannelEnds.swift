// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import FleetSupport
import CountersignCrypto
import Records
import Wire

/// A device's channel to an application: both ends, with arrays for records.
final class ChannelEnds {
  let device: TestDevice
  let application: TestDevice
  var near = DeviceChannel()
  var far = ApplicationChannel()
  var instance = ApplicationInstance()
  private(set) var opening: [UInt8] = []

  init(_ device: TestDevice, _ application: TestDevice) throws(DeviceError) {
    self.device = device
    self.application = application
    try open()
  }

  /// Opens another channel in the place of this one.
  func open() throws(DeviceError) {
    opening = [UInt8](repeating: 0, count: DeviceChannel.maximumOpeningLength)
    var span = opening.mutableBytes
    let length = try device.identity.open(&near, to: application.certificate, into: &span)
    opening = Array(opening[..<length])
    try rebuild()
  }

  /// Makes the application's end from the opening, as an instance does that has just started.
  func rebuild() throws(DeviceError) {
    let opening = opening
    try application.identity.open(
      opening.bytes, from: device.address, generation: near.applicationGeneration, into: &far)
  }

  func seal(_ text: [UInt8], _ report: ChannelRecord.Report) throws(DeviceError) -> [UInt8] {
    var sealed = [UInt8](repeating: 0, count: text.count + tagLength)
    var span = sealed.mutableBytes
    let length = try near.seal(text.bytes, as: report, into: &span)
    return Array(sealed[..<length])
  }

  func open(_ sealed: [UInt8], _ report: QueueNotice.Report) throws(DeviceError) -> [UInt8] {
    var text = [UInt8](repeating: 0, count: sealed.count + 1)
    var span = text.mutableBytes
    let length = try far.open(sealed.bytes, of: report, into: &span)
    return Array(text[..<length])
  }

  /// A request as the device gets it.
  func request(
    _ text: [UInt8], id: RequestID, flags: RequestFlags = []
  ) throws(DeviceError) -> (ChannelNotice.Request, [UInt8]) {
    var sealed = [UInt8](repeating: 0, count: text.count + tagLength)
    var span = sealed.mutableBytes
    let (request, length) = try far.seal(text.bytes, as: id, flags: flags, seconds: 60, by: &instance, into: &span)
    return (Self.notice(request, of: application.address.device), Array(sealed[..<length]))
  }

  func open(_ request: ChannelNotice.Request, _ sealed: [UInt8]) throws(DeviceError) -> [UInt8] {
    var text = [UInt8](repeating: 0, count: sealed.count + 1)
    var span = text.mutableBytes
    let length = try near.open(sealed.bytes, of: request, into: &span)
    return Array(text[..<length])
  }

  /// What the server makes of a request.
  static func notice(_ request: QueueRecord.Request, of application: DeviceID) -> ChannelNotice.Request {
    ChannelNotice.Request(
      application: application, channel: request.channel, request: request.request, flags: request.flags,
      instance: request.instance, counter: request.counter, secondsLeft: request.seconds)
  }

  /// What the server makes of a report.
  static func notice(_ report: ChannelRecord.Report, from device: DeviceAddress) -> QueueNotice.Report {
    QueueNotice.Report(
      sequence: 1, device: device, milliseconds: 0, attempt: 1, wantsDone: report.wantsDone, channel: report.channel,
      id: report.id, request: report.request)
  }

  // What the tests' macros cannot reach into a value that is not copied for.

  var isNearOpen: Bool { near.isOpen }
  var isFarOpen: Bool { far.isOpen }
  var isDirty: Bool { near.isDirty }
  var openedAt: UInt64 { near.openedAt }
  var ids: (near: ChannelID, far: ChannelID) { (near.id, far.id) }
  var farDevice: CertificateFields? { far.device }
  var generation: Generation { near.applicationGeneration }

  func isCurrent(_ application: Certificate, _ own: Certificate, epoch: Epoch = 10) -> Bool {
    near.isCurrent(for: application, certificate: own, epoch: epoch)
  }

  func isAgreed(_ session: Bytes<8>, _ key: borrowing SecretBytes<32>) throws(DeviceError) -> Bool {
    var other = SecretBytes<32>()
    try far.wakeKey(session: session, into: &other)
    return constantTimeEquals(key.bytes, other.bytes)
  }

  var stored: [UInt8] {
    var bytes = [UInt8](repeating: 0, count: DeviceChannel.encodedLength)
    var span = bytes.mutableBytes
    near.encode(into: &span)
    return bytes
  }
}
