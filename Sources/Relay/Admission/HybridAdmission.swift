import Credentials
import Noise
import Primitives
import Registry
import Schemes

/// Admits devices of `hybrid-ikpsk2`: Noise_IKpsk2. The first message names the device's key, the registry its generation, and the
/// master key gives the derived key of that generation, which the second message needs.
final class HybridAdmission: Admission {
  private let context: AdmissionContext

  init(_ context: AdmissionContext) {
    self.context = context
  }

  func receive(_ frame: RawSpan, keys: inout SessionKeys) throws(AdmissionRefusal) -> AdmissionStep {
    var psk = SymmetricKey()
    defer { psk.wipe() }
    do {
      var handshake = try HybridHandshake(role: .responder)
      defer { handshake.close() }
      let claimed = try handshake.readHello(frame, key: context.authority.serverKey)
      let claimant = try identify(claimed)
      context.authority.deriveKey(of: claimant.address, generation: claimant.generation, into: &psk)
      try handshake.setPSK(psk)
      var reply = [UInt8](repeating: 0, count: HybridHandshake.replyLength)
      var span = reply.mutableBytes
      _ = try handshake.writeReply(
        into: &span, sending: &keys.sending, receiving: &keys.receiving, keeping: { keys.proving.keep($0, $1) })
      return AdmissionStep(reply: reply, claimant: claimant)
    } catch let refusal as AdmissionRefusal {
      throw refusal
    } catch { throw .unreadable }
  }

  private func identify(_ key: X25519.PublicKey) throws(AdmissionRefusal) -> Claimant {
    let found = try context.asking { registry throws(RegistryError) in try registry.device(holding: key) }
    guard let holder = found else {
      guard let retired = try context.retired(key, .hybridIKpsk2) else { throw .unknownDevice }
      return retired
    }
    try context.check(holder.certificate)
    let fields = holder.certificate.fields
    let claimant = Claimant(
      scheme: .hybridIKpsk2, address: fields.address, generation: fields.generation, lastEpoch: fields.lastEpoch,
      publicKey: key)
    _ = try claimant.standing(in: holder.device)
    return claimant
  }
}
