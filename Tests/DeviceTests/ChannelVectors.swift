// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import FleetSupport
import Foundation
import CountersignCrypto
import Records
import Testing
import Wire

/// Vectors of the second implementation: Tests/Vectors/generator/make_channel.py.
@Suite("Vectors for channels")
struct ChannelVectors {
  struct File: Decodable {
    let channels: [Channel]
  }

  struct Channel: Decodable, CustomTestStringConvertible {
    let authority_seed, device, application, application_private_key, application_certificate,
      device_certificate: String
    let opening, channel, wake_session, wake_key, stored, stored_after_requests: String
    let system: UInt32
    let device_generation, application_generation, epoch, last_epoch: UInt16
    let opened_at: UInt64
    let reports: [Report]
    let requests: [Request]
    var testDescription: String { channel }
  }

  struct Report: Decodable {
    let number, request, text, ciphertext: String
    let flags: UInt8
  }

  struct Request: Decodable {
    let instance, counter, request, text, ciphertext: String
    let flags: UInt8
  }

  static let file: File = {
    let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Vectors/channels/channel.json")
    return try! JSONDecoder().decode(File.self, from: Data(contentsOf: url))
  }()

  @Test(arguments: file.channels)
  func application(_ vector: Channel) throws {
    let identity = try Identity(of: vector)
    let opening = bytes(vector.opening)
    let device = DeviceAddress(system: SystemID(vector.system), device: DeviceID(try #require(UInt64(vector.device))))
    var far = ApplicationChannel()
    try identity.value.open(opening.bytes, from: device, generation: vector.application_generation, into: &far)
    let other = bytes(vector.device_certificate)
    let fields = try Certificate(decoding: other.bytes).fields
    let found = (id: [UInt8](copying: far.id.bytes), device: far.device)
    #expect(found.id == bytes(vector.channel) && found.device == fields)
    for report in vector.reports {
      let notice = QueueNotice.Report(
        sequence: 1, device: device, milliseconds: 0, attempt: 1, wantsDone: report.flags & 1 != 0, channel: far.id,
        id: MessageID(try #require(UInt64(report.number))),
        request: report.flags & 2 == 0 ? nil : UInt64(report.request))
      let sealed = bytes(report.ciphertext)
      var text = [UInt8](repeating: 0, count: sealed.count)
      var span = text.mutableBytes
      let length = try far.open(sealed.bytes, of: notice, into: &span)
      #expect(Array(text[..<length]) == bytes(report.text))
    }
    var key = SecretBytes<32>()
    try far.wakeKey(session: Bytes(copying: bytes(vector.wake_session)), into: &key)
    let wakeKey = [UInt8](copying: key.bytes)
    #expect(wakeKey == bytes(vector.wake_key))
  }

  @Test(arguments: file.channels)
  func device(_ vector: Channel) throws {
    var near = DeviceChannel()
    let stored = bytes(vector.stored)
    try near.load(stored.bytes)
    let loaded = (id: [UInt8](copying: near.id.bytes), openedAt: near.openedAt)
    #expect(loaded.id == bytes(vector.channel) && loaded.openedAt == vector.opened_at)
    let own = bytes(vector.application_certificate)
    let other = bytes(vector.device_certificate)
    let isCurrent = near.isCurrent(
      for: try Certificate(decoding: own.bytes), certificate: try Certificate(decoding: other.bytes),
      epoch: vector.epoch)
    #expect(isCurrent)
    for report in vector.reports {
      let header = near.report(
        MessageID(try #require(UInt64(report.number))), wantsDone: report.flags & 1 != 0,
        request: report.flags & 2 == 0 ? nil : UInt64(report.request))
      let text = bytes(report.text)
      var sealed = [UInt8](repeating: 0, count: text.count + tagLength)
      var span = sealed.mutableBytes
      _ = try near.seal(text.bytes, as: header, into: &span)
      #expect(sealed == bytes(report.ciphertext))
    }
    for request in vector.requests {
      let notice = ChannelNotice.Request(
        application: near.application.device, channel: near.id, request: try #require(UInt64(request.request)),
        flags: RequestFlags(rawValue: request.flags), instance: try Bytes(copying: bytes(request.instance)),
        counter: try #require(UInt64(request.counter)), secondsLeft: 1)
      let sealed = bytes(request.ciphertext)
      var text = [UInt8](repeating: 0, count: sealed.count)
      var span = text.mutableBytes
      let length = try near.open(sealed.bytes, of: notice, into: &span)
      #expect(Array(text[..<length]) == bytes(request.text))
      try near.accept(notice)
    }
    var encoded = [UInt8](repeating: 0, count: DeviceChannel.encodedLength)
    var span = encoded.mutableBytes
    near.encode(into: &span)
    #expect(encoded == bytes(vector.stored_after_requests))
  }

  /// The application's identity: the file of another one, with its own key, certificate, anchor, system, id and epoch.
  private final class Identity {
    var value = DeviceIdentity()

    init(of vector: Channel) throws {
      var file = try Authority().application(1).stored
      func put(_ bytes: [UInt8], at offset: Int) { file.replaceSubrange(offset..<offset + bytes.count, with: bytes) }
      func big(_ value: UInt64, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * (count - 1 - $0))) }
      }
      let seed = ChannelVectors.bytes(vector.authority_seed)
      let signer = try Ed25519.PrivateKey(seed: seed.bytes)
      put(big(try #require(UInt64(vector.application)), 8), at: 8)
      put(ChannelVectors.bytes(vector.application_private_key), at: 62)
      put(ChannelVectors.bytes(vector.application_certificate), at: 94)
      put([UInt8](copying: signer.publicKey.bytes), at: 364)
      put(big(UInt64(vector.system), 4), at: 428)
      put(big(UInt64(vector.epoch), 2), at: 432)
      let body = Array(file.dropLast(32))
      var digest = [UInt8](repeating: 0, count: 32)
      var span = digest.mutableBytes
      Hash.SHA256.hash(body.bytes, into: &span)
      let whole = body + digest
      try value.load(whole.bytes)
    }
  }

  private func bytes(_ hex: String) -> [UInt8] { Self.bytes(hex) }

  private static func bytes(_ hex: String) -> [UInt8] {
    let digits = Array(hex.utf8)
    return stride(from: 0, to: digits.count, by: 2).map {
      UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)!
    }
  }
}
