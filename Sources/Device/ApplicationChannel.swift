// SPDX-License-Identifier: Apache-2.0

import Credentials
import Noise
import CountersignCrypto
import Records
import Wire

/// An application's end of a device's channel, rebuilt from the opening that the server keeps
/// (``DeviceIdentity/open(_:from:generation:into:)``): every instance of the application can have it. It stores nothing.
///
/// It lives in one place and is never moved, because moves leave copies of keys behind: make it empty and open it there.
public struct ApplicationChannel: ~Copyable, Sendable {
  /// Names the channel; zero before it is open.
  public internal(set) var id = ChannelID()
  /// What the device's certificate says; nil before it is open.
  public internal(set) var device: CertificateFields?
  public internal(set) var application = DeviceAddress(system: SystemID(0), device: DeviceID(0))
  var reportKey = SecretBytes<32>()
  var requestKey = SecretBytes<32>()
  var export = SecretBytes<32>()

  /// A place for a channel.
  public init() {}

  public var isOpen: Bool { device != nil }

  /// Overwrites every key: the channel is closed.
  public mutating func wipe() {
    reportKey.wipe()
    requestKey.wipe()
    export.wipe()
    id = ChannelID()
    device = nil
  }

  /// Opens a report of the device and returns its length. A report may come again, under the same number.
  ///
  /// - Parameter text: room for 16 bytes fewer than the ciphertext has.
  /// - Throws: ``DeviceError/noise(_:)`` for one that is not of this channel and device, or was altered; ``DeviceError/notTaken(_:)`` for
  ///   a number of a key that the device does not have.
  public func open(
    _ ciphertext: RawSpan, of report: QueueNotice.Report, into text: inout MutableRawSpan
  ) throws(DeviceError) -> Int {
    guard let device else { throw .channel(.notOpen) }
    guard report.channel == id, report.device == device.address, !report.isOpen else { throw .noise(.decryptionFailed) }
    guard report.id.generation <= device.generation else { throw .notTaken(.impossibleNumber) }
    guard ciphertext.byteCount >= tagLength else { throw .malformedRecord }
    let length = ciphertext.byteCount - tagLength
    guard text.byteCount >= length else { throw .noise(.bufferTooSmall(needed: length)) }
    let header = ChannelRecord.Report(
      application: application.device, channel: id, id: report.id, wantsDone: report.wantsDone, request: report.request)
    let binding = ChannelBinding(report: header, from: device.address, to: application)
    do {
      try Cipher.ChaChaPoly.open(
        ciphertext, into: &text, key: reportKey.bytes, nonce: report.id.rawValue, authenticating: binding.bytes)
    } catch { throw .noise(.decryptionFailed) }
    return length
  }

  /// Seals a request's text and returns its header and the ciphertext's length: 16 bytes more. Each call takes a number of the
  /// instance's, so that no key and nonce seals two texts.
  ///
  /// - Parameter seconds: until the deadline.
  public func seal(
    _ text: RawSpan, as request: RequestID, flags: RequestFlags = RequestFlags(rawValue: 0), seconds: UInt32,
    by instance: inout ApplicationInstance, into ciphertext: inout MutableRawSpan
  ) throws(DeviceError) -> (QueueRecord.Request, length: Int) {
    guard let device else { throw .channel(.notOpen) }
    guard text.byteCount <= Message.maximumLength else { throw .messageTooLong }
    let length = text.byteCount + tagLength
    guard ciphertext.byteCount >= length else { throw .noise(.bufferTooSmall(needed: length)) }
    let counter = try instance.draw()
    let header = QueueRecord.Request(
      device: device.device, channel: id, request: request, flags: flags, seconds: seconds, instance: instance.id,
      counter: counter)
    let binding = ChannelBinding(
      request: request, flags: flags, instance: instance.id, channel: id, from: application, to: device.address)
    var key = SecretBytes<32>()
    defer { key.wipe() }
    ChannelKeys.instance(instance.id, requests: requestKey, into: &key)
    Cipher.ChaChaPoly.seal(text, into: &ciphertext, key: key.bytes, nonce: counter, authenticating: binding.bytes)
    return (header, length)
  }

  /// The key of a suspended session's chain, K'_0, as ``DeviceChannel/takeWakeKey(session:into:)`` gives it to the device.
  public func wakeKey(session: Bytes<8>, into key: inout SecretBytes<32>) throws(DeviceError) {
    guard isOpen else { throw .channel(.notOpen) }
    ChannelKeys.wake(session, export: export, into: &key)
  }
}

/// What tells one running instance of an application from every other, its clones included: a number that it draws at its start, and a
/// counter. Neither is ever stored. There is one for the life of a process, for all of its channels.
public struct ApplicationInstance: ~Copyable, Sendable {
  public let id: InstanceID
  private var counter: UInt64 = 0

  /// A new instance.
  public init() {
    var id = InstanceID()
    var target = id.mutableBytes
    fillWithRandomBytes(&target)
    self.id = id
  }

  mutating func draw() throws(DeviceError) -> UInt64 {
    // A device has no room for the last number in its window.
    guard counter < .max - 1 else { throw .countersExhausted }
    counter += 1
    return counter - 1
  }
}
