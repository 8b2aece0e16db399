// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import FleetSupport
import Noise
import CountersignCrypto
import Records
import Wire

/// One end of a session between devices, with arrays for frames.
final class Talker {
  let device: TestDevice
  var session: PeerSession

  init(_ device: TestDevice, _ session: consuming PeerSession) {
    self.device = device
    self.session = session
  }

  /// Both ends of a session through the relay, before their first frame.
  static func relayed(_ a: TestDevice, _ b: TestDevice) throws -> (Talker, Talker) {
    let first = Talker(a, PeerSession(relayed: .initiator, peer: b.certificate))
    let second = Talker(b, PeerSession(relayed: .responder))
    try first.start(b.address)
    try second.start(a.address)
    return (first, second)
  }

  /// Both ends of a session over a socket of their own, before their first frame.
  static func direct(_ a: TestDevice, _ b: TestDevice) throws -> (Talker, Talker) {
    let first = Talker(a, PeerSession(direct: .initiator))
    let second = Talker(b, PeerSession(direct: .responder))
    try first.start(nil)
    try second.start(nil)
    return (first, second)
  }

  func start(_ other: DeviceAddress?) throws(DeviceError) {
    try session.start(device.identity, other: other)
  }

  func write() throws(DeviceError) -> [UInt8] {
    var frame = [UInt8](repeating: 0, count: PeerSession.maximumHandshakeLength)
    var span = frame.mutableBytes
    let length = try session.writeHandshake(device.identity, into: &span)
    return Array(frame[..<length])
  }

  /// Both ends of a session through the relay, the second made for the first's frame, which both have seen.
  static func relayed(answering a: TestDevice, _ b: TestDevice) throws -> (Talker, Talker) {
    let first = Talker(a, PeerSession(relayed: .initiator, peer: b.certificate))
    try first.start(b.address)
    let frame = try first.write()
    let second = Talker(b, PeerSession(answering: frame.bytes))
    try second.start(a.address)
    try second.read(frame)
    return (second, first)
  }

  func read(_ frame: [UInt8]) throws(DeviceError) {
    try session.readHandshake(frame.bytes, trust: device.identity.trust)
  }

  func seal(_ text: String, id: UInt64 = 1) throws(DeviceError) -> [UInt8] {
    let body = Array(text.utf8)
    var frame = [UInt8](repeating: 0, count: body.count + 64)
    var span = frame.mutableBytes
    let length = try session.seal(.message(MessageID(id), body.bytes), into: &span)
    return Array(frame[..<length])
  }

  func open(_ frame: [UInt8]) throws(DeviceError) -> String {
    var frame = frame
    var span = frame.mutableBytes
    switch try session.open(&span) {
    case .message(_, let text): return String(decoding: [UInt8](copying: text), as: UTF8.self)
    case .acknowledgement(let id): return "ack \(id.rawValue)"
    case .refusal(let id, let reason): return "\(reason) \(id.rawValue)"
    }
  }

  /// Runs the handshake to its end.
  static func finish(_ pair: (Talker, Talker)) throws(DeviceError) {
    var turn = pair
    while !(pair.0.session.isEstablished && pair.1.session.isEstablished) {
      try turn.1.read(turn.0.write())
      turn = (turn.1, turn.0)
    }
  }
}
