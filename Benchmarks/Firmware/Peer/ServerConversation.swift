// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import Noise
import CountersignCrypto
import Records
import Schemes
import Wire

/// The server's end of a session: a handshake, which each scheme has of its own, then the device's first record and the
/// welcome.
class ServerConversation: Conversation {
  let fleet: Fleet
  let scheme: SchemeID
  /// Seed, private key, server key, standalone certificate, scheme, symmetric key, address, master public key.
  let page: [UInt8]
  let publicKey: X25519.PublicKey
  let deviceKey: X25519.PublicKey
  /// The key that device and server share, in the schemes that have one.
  let symmetricKey = SecretBytes<32>.random()
  var keys = SessionKeys()
  private(set) var isComplete = false

  init(_ fleet: Fleet, _ scheme: SchemeID) throws {
    self.fleet = fleet
    self.scheme = scheme
    publicKey = fleet.serverKey.publicKey
    var key = X25519.PrivateKey()
    let certificate = try fleet.provision(DeviceID(0x0102_0304_0506_0708), scheme, key: &key)
    deviceKey = key.publicKey
    page =
      randomBytes(16) + [UInt8](copying: key.secretBytes) + [UInt8](copying: publicKey.bytes)
      + encoded(certificate) + [scheme.rawValue, 0, 0, 0] + bytes(of: symmetricKey)
      + encoded(certificate.fields.address) + [UInt8](copying: fleet.master.bytes.bytes)
  }

  /// The answer to the first frame; it fills in both directions' keys.
  func answer(hello frame: [UInt8]) throws -> [UInt8] { throw Refusal.unexpectedFrame }

  final func receive(_ frame: [UInt8]) throws -> [[UInt8]] {
    keys.isPresent ? [try answer(record: frame)] : [try answer(hello: frame)]
  }

  private func answer(record frame: [UInt8]) throws -> [UInt8] {
    var frame = frame
    var message = frame.mutableBytes
    let length = message.byteCount - tagLength
    try keys.receiving.decrypt(inPlace: &message)
    guard case .hello(let hello) = try DeviceRecord(decoding: message.bytes.extracting(0..<length)),
      hello.listens, hello.epoch == Fleet.epoch
    else { throw Refusal.wrongContent }
    let welcome = ServerRecord.welcome(
      session: 1, mayOnlyRenew: false, try fleet.issuer.statement(EpochContent(epoch: Fleet.epoch)))
    var answer = [UInt8](repeating: 0, count: 200)
    var target = answer.mutableBytes
    let answerLength = welcome.encode(into: &target) + tagLength
    var sealed = target.prefix(answerLength)
    try keys.sending.encrypt(inPlace: &sealed)
    isComplete = true
    return [UInt8](answer[..<answerLength])
  }
}

/// A copy of a key's bytes. A property of an object has no lifetime that a span could borrow; an argument has.
func bytes(of key: borrowing SecretBytes<32>) -> [UInt8] { [UInt8](copying: key.bytes) }
