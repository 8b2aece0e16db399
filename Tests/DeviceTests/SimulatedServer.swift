// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import FleetSupport
import Noise
import CountersignCrypto
import Records
import Schemes
import Wire

/// The server's side of a rotation, with one device: which keys it lets in, what it signs, and one message in the mailbox.
///
/// What it decides it keeps at once: a server stores before it answers.
final class SimulatedServer {
  let authority: Authority
  let address: DeviceAddress
  /// The key in use and its generation.
  private(set) var current: (key: X25519.PublicKey, generation: Generation)
  /// The key that is certified and has not been used.
  private(set) var next: (key: X25519.PublicKey, generation: Generation)?
  /// The last answer to a request for an identity-based credential.
  private var issued: (request: Bytes<32>, answer: BlindedCredential)?
  /// Whether the device should change its key.
  var ordersRotation = false
  /// The mailbox: one message, until the device says that it has it.
  var mail: [UInt8]?
  /// What the device's `hello` said.
  private(set) var deviceListens: Bool?
  private(set) var deviceKnowsApplications: Bool?
  /// Records of the device that this server has no answer to.
  private(set) var received: [[UInt8]] = []
  let sender: DeviceAddress

  private var keys = SessionKeys()
  private var claimed: X25519.PublicKey?

  init(_ authority: Authority, _ device: TestDevice, mailFrom sender: DeviceAddress) {
    self.authority = authority
    self.sender = sender
    address = device.address
    current = (device.certificate.publicKey, 1)
  }

  /// As a server whose registry was restored from before the next key was certified.
  func forgetNextKey() { next = nil }

  /// Reads a first frame; nil closes the connection without an answer. A key that is not the device's is refused.
  func answer(_ hello: [UInt8]) -> [UInt8]? {
    keys.wipe()
    guard var responder = try? Responder(answering: hello.bytes),
      let claim = try? responder.readHello(
        hello.bytes, key: authority.handshakeKey, master: authority.master.publicKey),
      claim.certificate?.fields.address == address,
      claim.certificate?.isSigned(by: authority.anchor) == true || responder.scheme == .identityBased
    else { return nil }
    guard claim.publicKey == current.key || claim.publicKey == next?.key else {
      var refusal = [UInt8](repeating: 0, count: responder.scheme.row.refusalLength)
      var span = refusal.mutableBytes
      guard (try? responder.writeRefusal(.unknownKey, into: &span)) != nil else { return nil }
      return refusal
    }
    claimed = claim.publicKey
    var reply = [UInt8](repeating: 0, count: responder.scheme.row.replyLength)
    var span = reply.mutableBytes
    guard (try? responder.writeReply(into: &span, keys: &keys)) != nil else { return nil }
    return reply
  }

  /// Takes a frame of the session, and returns what it sends for it.
  func receive(_ frame: [UInt8]) throws -> [[UInt8]] {
    var frame = frame
    var span = frame.mutableBytes
    try keys.receiving.decrypt(inPlace: &span)
    let bytes = Array(frame.dropLast(tagLength))
    switch try DeviceRecord(decoding: bytes.bytes) {
    case .hello(let hello):
      deviceListens = hello.listens
      deviceKnowsApplications = hello.knowsApplications
      if let claimed, claimed == next?.key, let next {
        current = next
        self.next = nil
        ordersRotation = false
      }
      var frames = [try seal(.welcome(session: 1, mayOnlyRenew: false, authority.epoch(10)))]
      if ordersRotation { frames.append(try seal(.rotate)) }
      if let mail { frames.append(try seal(.mail(from: sender, id: MessageID(1), mail.bytes))) }
      frames.append(try seal(.caughtUp))
      return frames
    case .renew(let key, _):
      if key == current.key { return [try seal(.certificate(certificate(current)))] }
      if next?.key != key { next = (key, current.generation + 1) }
      return [try seal(.certificate(certificate(next!)))]
    case .request(let point):
      // The same answer to the same request; another request has another generation.
      if issued?.request != point {
        let generation = max(current.generation, issued?.answer.credential.fields.generation ?? 0) + 1
        issued = (
          point,
          try authority.blinded(
            point, system: address.system.rawValue, device: address.device.rawValue, generation: generation,
            lastEpoch: 100)
        )
      }
      let answer = issued!.answer
      next = (try answer.credential.publicKey(under: authority.master.publicKey), answer.credential.fields.generation)
      return [try seal(.credential(answer))]
    case .delivered:
      mail = nil
      return []
    default:
      received.append(bytes)
      return []
    }
  }

  private func certificate(_ holder: (key: X25519.PublicKey, generation: Generation)) throws -> Certificate {
    try authority.issuer.certificate(
      for: holder.key, system: address.system, device: address.device, generation: holder.generation, lastEpoch: 100)
  }

  func seal(_ record: borrowing ServerRecord) throws -> [UInt8] {
    var frame = [UInt8](repeating: 0, count: record.encodedLength + tagLength)
    var span = frame.mutableBytes
    _ = record.encode(into: &span)
    try keys.sending.encrypt(inPlace: &span)
    return frame
  }
}
