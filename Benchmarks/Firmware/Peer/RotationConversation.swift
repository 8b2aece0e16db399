import Credentials
import Device
import Noise
import Primitives
import Schemes

/// The server's end of a change of keys: orders it, certifies the new key, and in the next session demands that it is used,
/// and a ping where the image sends one.
final class RotationConversation: Conversation {
  let page: [UInt8]
  let publicKey: X25519.PublicKey
  private let fleet: Fleet
  private let device = DeviceID(1)
  private var responder = CertifiedResponder()
  private var sending = CipherState<ChaChaPoly>()
  private var receiving = CipherState<ChaChaPoly>()
  private var expected: Certificate
  private let expectsPing: Bool
  private var isRotated = false
  private(set) var isComplete = false

  init(_ fleet: Fleet, expectsPing: Bool = false) throws {
    self.fleet = fleet
    self.expectsPing = expectsPing
    publicKey = fleet.serverKey.publicKey
    let image = try fleet.device(device)
    page = image.page
    expected = try image.certificate
  }

  func receive(_ frame: [UInt8]) throws -> [[UInt8]] {
    guard receiving.hasKey else { return [try answer(hello: frame)] }
    var frame = frame
    var message = frame.mutableBytes
    let length = message.byteCount - tagLength
    try receiving.decrypt(inPlace: &message)
    switch try DeviceRecord(decoding: message.bytes.extracting(0..<length)) {
    case .hello:
      let welcome = ServerRecord.welcome(
        session: 1, mayOnlyRenew: false, try fleet.issuer.statement(EpochContent(epoch: Fleet.epoch + 1)))
      isComplete = isRotated && !expectsPing
      return [try seal(welcome), try seal(isRotated ? .caughtUp : .rotate)]
    case .renew(let key):
      expected = try fleet.certificate(for: key, device: device, generation: 2)
      let answer = try seal(.certificate(expected))
      isRotated = true
      responder = CertifiedResponder()
      receiving.wipe()
      return [answer]
    case .ping where expectsPing && isRotated:
      isComplete = true
      return [try seal(.pong)]
    default: throw Refusal.unexpectedFrame
    }
  }

  private func answer(hello frame: [UInt8]) throws -> [UInt8] {
    let claim = try responder.readHello(frame.bytes, key: fleet.serverKey)
    guard claim.certificate == expected else { throw Refusal.wrongPeer }
    var reply = [UInt8](repeating: 0, count: CertifiedHandshake.replyLength)
    var target = reply.mutableBytes
    _ = try responder.writeReply(into: &target, sending: &sending, receiving: &receiving)
    return reply
  }

  private func seal(_ record: consuming ServerRecord) throws -> [UInt8] {
    var frame = [UInt8](repeating: 0, count: 200)
    var target = frame.mutableBytes
    let length = record.encode(into: &target) + tagLength
    var message = target.prefix(length)
    try sending.encrypt(inPlace: &message)
    return [UInt8](frame[..<length])
  }
}
