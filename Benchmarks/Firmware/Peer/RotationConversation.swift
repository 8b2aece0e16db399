// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import Noise
import CountersignCrypto
import Records
import Schemes
import Wire

/// The server's end of a change of keys: orders it, certifies the new key, and in the next session demands that it is used,
/// and a ping where the image sends one.
class RotationConversation: Conversation {
  let page: [UInt8]
  let publicKey: X25519.PublicKey
  let fleet: Fleet
  private let device = DeviceID(1)
  private var keys = SessionKeys()
  private(set) var expected: Certificate
  private let scheme: SchemeID
  private let expectsPing: Bool
  private var isRotated = false
  var isComplete = false

  init(_ fleet: Fleet, _ scheme: SchemeID = .certified, expectsPing: Bool = false) throws {
    self.fleet = fleet
    self.scheme = scheme
    self.expectsPing = expectsPing
    publicKey = fleet.serverKey.publicKey
    let image = try fleet.device(device, scheme: scheme)
    page = image.page
    expected = try image.certificate
  }

  /// What another record of the device is answered with, once its key has changed.
  func answer(_ record: borrowing DeviceRecord) throws -> [[UInt8]] { throw Refusal.unexpectedFrame }

  final func receive(_ frame: [UInt8]) throws -> [[UInt8]] {
    guard keys.isPresent else { return [try answer(hello: frame)] }
    var frame = frame
    var message = frame.mutableBytes
    let length = message.byteCount - tagLength
    try keys.receiving.decrypt(inPlace: &message)
    let record = try DeviceRecord(decoding: message.bytes.extracting(0..<length))
    switch record {
    case .hello:
      let welcome = ServerRecord.welcome(
        session: 1, mayOnlyRenew: false, try fleet.issuer.statement(EpochContent(epoch: Fleet.epoch + 1)))
      isComplete = isRotated && !expectsPing
      return [try seal(welcome), try seal(isRotated ? .caughtUp : .rotate)]
    case .renew(let key, _) where scheme == .certified:
      expected = try fleet.certificate(for: key, device: device, generation: 2)
      return [try end(with: .certificate(expected))]
    case .request(let point) where scheme == .identityBased:
      let answer = try fleet.credential(for: point, device: device, generation: 2)
      expected = Certificate(answer.credential, publicKey: try answer.credential.publicKey(under: fleet.master))
      emit("contribution", [UInt8](copying: answer.contribution.bytes))
      return [try end(with: .credential(answer))]
    case .ping where expectsPing && isRotated:
      isComplete = true
      return [try seal(.pong)]
    default:
      guard isRotated else { throw Refusal.unexpectedFrame }
      return try answer(record)
    }
  }

  /// The last record of the first session; the next frame opens the second.
  private func end(with record: consuming ServerRecord) throws -> [UInt8] {
    let answer = try seal(record)
    isRotated = true
    keys.wipe()
    return answer
  }

  private func answer(hello frame: [UInt8]) throws -> [UInt8] {
    var responder = Responder(scheme)
    let claim = try responder.readHello(frame.bytes, key: fleet.serverKey, master: fleet.master)
    guard claim.certificate == expected else { throw Refusal.wrongPeer }
    var reply = [UInt8](repeating: 0, count: scheme.row.replyLength)
    var target = reply.mutableBytes
    _ = try responder.writeReply(into: &target, keys: &keys)
    return reply
  }

  final func seal(_ record: consuming ServerRecord) throws -> [UInt8] {
    var frame = [UInt8](repeating: 0, count: 300)
    var target = frame.mutableBytes
    let length = record.encode(into: &target) + tagLength
    var message = target.prefix(length)
    try keys.sending.encrypt(inPlace: &message)
    return [UInt8](frame[..<length])
  }
}
