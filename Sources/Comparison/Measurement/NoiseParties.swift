import Credentials
import Device
import Noise
import Primitives
import Schemes

/// The keys of one device and its server, with the certificate between them.
final class NoiseParties {
  let device = X25519.PrivateKey.random()
  let server = X25519.PrivateKey.random()
  let psk = SymmetricKey.random()
  let issuerKey: Ed25519.PublicKey
  let certificate: Certificate
  let epoch: Epoch = 3

  init() throws {
    let signing = try SigningKey()
    issuerKey = signing.publicKey
    certificate = try Issuer(signing).certificate(
      for: device.publicKey, system: SystemID(7), device: DeviceID(0x0102_0304_0506_0708), generation: 1, lastEpoch: 9)
  }

  /// `renew` and its answer, as sealed records.
  func renewal() throws -> [SchemeProfile.Message] {
    var buffer = [UInt8](repeating: 0, count: 256)
    var bytes = buffer.mutableBytes
    let renew = DeviceRecord.renew(device.publicKey).encode(into: &bytes) + tagLength
    let answer = ServerRecord.certificate(certificate).encode(into: &bytes) + tagLength
    return [.init(sender: .device, bytes: Double(renew)), .init(sender: .server, bytes: Double(answer))]
  }
}

/// A signing key in this process.
private final class SigningKey: Signer {
  private let key: Ed25519.PrivateKey
  var publicKey: Ed25519.PublicKey { key.publicKey }

  init() throws {
    let seed = SymmetricKey.random()
    key = try Ed25519.PrivateKey(seed: seed.bytes)
  }

  func signature(for message: RawSpan) throws(CredentialsError) -> Ed25519.Signature { key.signature(for: message) }
}
