// SPDX-License-Identifier: Apache-2.0

import Noise
import CountersignCrypto
import Records
import Wire

/// What goes through a channel, at the device's end.
extension DeviceChannel {
  /// The header of a report under this number, as ``seal(_:as:into:)`` takes it.
  ///
  /// - Parameter request: the request that it answers.
  public func report(_ id: MessageID, wantsDone: Bool = false, request: RequestID? = nil) -> ChannelRecord.Report {
    ChannelRecord.Report(
      application: application.device, channel: self.id, id: id, wantsDone: wantsDone, request: request)
  }

  /// Seals a report's text and returns the ciphertext's length: 16 bytes more.
  ///
  /// The report's number is the nonce. So one number seals one text: where a report is sent again, these are the same bytes under the
  /// same header. Another text needs another number.
  ///
  /// - Throws: ``DeviceError/channel(_:)`` with ``ChannelError/outdated`` for a number of a later key than the one that opened the
  ///   channel, or a report of another channel.
  public func seal(
    _ text: RawSpan, as report: ChannelRecord.Report, into ciphertext: inout MutableRawSpan
  ) throws(DeviceError) -> Int {
    guard isOpen else { throw .channel(.notOpen) }
    guard report.id.generation <= generation, report.channel == id, report.application == application.device else {
      throw .channel(.outdated)
    }
    guard text.byteCount <= Message.maximumLength else { throw .messageTooLong }
    let length = text.byteCount + tagLength
    guard ciphertext.byteCount >= length else { throw .noise(.bufferTooSmall(needed: length)) }
    let binding = ChannelBinding(report: report, from: device, to: application)
    Cipher.ChaChaPoly.seal(
      text, into: &ciphertext, key: reportKey.bytes, nonce: report.id.rawValue, authenticating: binding.bytes)
    return length
  }

  /// Opens a request of the application and returns its length. That alone marks nothing: call ``accept(_:)`` and store the channel
  /// before the request is carried out, or as soon as it has been, as its repetition or its loss would be worse.
  ///
  /// - Parameter text: room for 16 bytes fewer than the ciphertext has.
  /// - Throws: ``DeviceError/noise(_:)`` for one that is not of this channel and application, or was altered; ``DeviceError/channel(_:)``
  ///   with ``ChannelError/replayed`` or ``ChannelError/tooManyInstances``.
  public func open(
    _ ciphertext: RawSpan, of request: ChannelNotice.Request, into text: inout MutableRawSpan
  ) throws(DeviceError) -> Int {
    guard isOpen else { throw .channel(.notOpen) }
    guard request.channel == id, request.application == application.device else { throw .noise(.decryptionFailed) }
    guard ciphertext.byteCount >= tagLength else { throw .malformedRecord }
    let length = ciphertext.byteCount - tagLength
    guard text.byteCount >= length else { throw .noise(.bufferTooSmall(needed: length)) }
    let binding = ChannelBinding(
      request: request.request, flags: request.flags, instance: request.instance, channel: id, from: application,
      to: device)
    var key = SecretBytes<32>()
    defer { key.wipe() }
    ChannelKeys.instance(request.instance, requests: requestKey, into: &key)
    do {
      try Cipher.ChaChaPoly.open(
        ciphertext, into: &text, key: key.bytes, nonce: request.counter, authenticating: binding.bytes)
    } catch { throw .noise(.decryptionFailed) }
    let index = try place(of: request.instance)
    guard instances[index].isFresh(request.counter) else { throw .channel(.replayed) }
    return length
  }

  /// Marks a request that ``open(_:of:into:)`` has opened as had: it is not opened again.
  public mutating func accept(_ request: ChannelNotice.Request) throws(DeviceError) {
    let index = try place(of: request.instance)
    guard instances[index].isFresh(request.counter) else { throw .channel(.replayed) }
    instances[index].instance = request.instance
    instances[index].accept(request.counter)
    isDirty = true
  }

  /// The instance's place, or a free one. None is ever taken from an instance: its requests could be replayed after that.
  private func place(of instance: InstanceID) throws(DeviceError) -> Int {
    var free: Int?
    for index in instances.indices {
      if instances[index].isFree {
        if free == nil { free = index }
      } else if instances[index].instance == instance {
        return index
      }
    }
    guard let free else { throw .channel(.tooManyInstances) }
    return free
  }
}
