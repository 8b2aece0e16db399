// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import FleetSupport
import CountersignCrypto
import Records
import Schemes
import Wire

/// One of each record, as bytes, and reading them back.
enum RecordSamples {
  static let address = DeviceAddress(system: SystemID(0x0102_0304), device: DeviceID(0x1122_3344_5566_7788))
  static let body: [UInt8] = [0xB0, 0xD1]

  static func deviceRecords() -> [[UInt8]] {
    [
      encode(.hello(DeviceRecord.Hello(listens: false, epoch: 7, revocationSequence: 9))),
      encode(.hello(DeviceRecord.Hello(listens: true, epoch: .max, revocationSequence: .max))),
      encode(.hello(DeviceRecord.Hello(listens: true, epoch: 7, revocationSequence: 9, knowsRotations: true))),
      encode(.renew(Bytes(), proof: Bytes())),
      encode(.frame(to: address, session: 5, body.bytes)),
      encode(.lookup(address)),
      encode(.deposit(to: address, generation: 3, id: MessageID(42), body.bytes)),
      encode(.delivered(from: address, id: MessageID(.max))),
      encode(.renew(Bytes())),
      encode(.ping),
      encode(.open(to: address, id: MessageID(42), body.bytes)),
      encode(.rekey),
      encode(.request(Bytes())),
      encode(.suspend(Suspension(firstMessage: MessageID(42)))),
      encode(
        .suspend(
          Suspension(
            firstMessage: MessageID(42), active: .init(name: Bytes(), next: 7), pending: .init(name: Bytes(), next: 0)))
      ),
    ] + applicationDeviceRecords()
  }

  static func serverRecords(_ authority: Authority) throws -> [[UInt8]] {
    let certificate = try authority.certificate(for: Bytes())
    var records = [
      encode(.welcome(session: 1, mayOnlyRenew: false, try authority.epoch(11))),
      encode(.welcome(session: .max, mayOnlyRenew: true, try authority.epoch(11))),
      encode(.frame(from: address, session: 5, body.bytes)),
      encode(.peer(address, .unknown, nil)),
      encode(.peer(address, .online, certificate)),
      encode(.peer(address, .asleep, certificate)),
      encode(.accepted(MessageID(42))),
      encode(.mail(from: address, id: MessageID(42), body.bytes)),
      encode(.certificate(certificate)),
      encode(.rotate),
      encode(.revocation(try authority.revocation())),
      encode(.policy(try authority.policy(from: 1, to: 2))),
      encode(.epoch(try authority.epoch(11))),
      encode(.caughtUp),
      encode(.pong),
      encode(.suspended(wakeUps: 256, window: 32, reserve: 8)),
      encode(.unreachable(address, session: 5)),
      encode(.open(from: address, id: MessageID(42), body.bytes)),
      encode(.key(scheme: .derivedKey, generation: 3, body.bytes)),
      encode(
        .migrate(
          scheme: .certified, epoch: 11, serverKey: authority.handshakeKey.publicKey, anchor: authority.anchor)),
      encode(.credential(try authority.blinded(authority.master.publicKey.bytes, device: 1))),
      encode(.peer(address, .online, try authority.device(1, scheme: .identityBased).certificate)),
      encode(.rotation(try authority.rotation())),
    ]
    for raw: UInt8 in 1...4 { records.append(encode(.keyRefused(KeyRefusal(rawValue: raw)!, retryAfter: 3600))) }
    for raw: UInt8 in [1, 6, 255] { records.append(encode(.turnedAway(SessionRefusal(rawValue: raw)))) }
    for raw: UInt8 in 1...8 { records.append(encode(.refused(MessageID(42), ServerRecord.Refusal(rawValue: raw)!))) }
    return try records + applicationServerRecords(authority)
  }

  static func peerRecords() -> [[UInt8]] {
    [
      encode(.message(MessageID(42), body.bytes)), encode(.message(MessageID(0), RawSpan())),
      encode(.acknowledgement(MessageID(42))), encode(.refusal(MessageID(42), .tooOld)),
      encode(.refusal(MessageID(42), .impossibleNumber)),
    ]
  }

  static func encode(_ record: DeviceRecord) -> [UInt8] {
    var bytes = [UInt8](repeating: 0xEE, count: record.encodedLength)
    var span = bytes.mutableBytes
    return record.encode(into: &span) == bytes.count ? bytes : []
  }

  static func encode(_ record: ServerRecord) -> [UInt8] {
    var bytes = [UInt8](repeating: 0xEE, count: record.encodedLength)
    var span = bytes.mutableBytes
    return record.encode(into: &span) == bytes.count ? bytes : []
  }

  static func encode(_ record: PeerRecord) -> [UInt8] {
    var bytes = [UInt8](repeating: 0xEE, count: record.encodedLength)
    var span = bytes.mutableBytes
    return record.encode(into: &span) == bytes.count ? bytes : []
  }

  static func deviceRoundTrip(_ bytes: [UInt8]) throws(WireError) -> [UInt8] {
    encode(try DeviceRecord(decoding: bytes.bytes))
  }

  static func serverRoundTrip(_ bytes: [UInt8]) throws(WireError) -> [UInt8] {
    encode(try ServerRecord(decoding: bytes.bytes))
  }

  static func peerRoundTrip(_ bytes: [UInt8]) throws(WireError) -> [UInt8] {
    encode(try PeerRecord(decoding: bytes.bytes))
  }
}
