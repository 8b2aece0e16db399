import Credentials
import Noise
import Primitives
import Registry
import Schemes

/// Admits devices of `compact-kk`: Noise_KK. The first frame shows two bytes of a hash of the device's key; every key that has
/// them is tried, at the price of two multiplications each.
final class CompactAdmission: Admission {
  private let context: AdmissionContext

  init(_ context: AdmissionContext) {
    self.context = context
  }

  func receive(_ frame: RawSpan, keys: inout SessionKeys) throws(AdmissionRefusal) -> AdmissionStep {
    let hint: UInt16
    do { hint = try CompactHandshake.hint(of: frame) } catch { throw .unreadable }
    let candidates = try context.asking { registry throws(RegistryError) in try registry.devices(hinted: hint) }
    let retired = try context.asking { registry throws(RegistryError) in try registry.issuances(hinted: hint) }
    guard !candidates.isEmpty || !retired.isEmpty else { throw .unknownDevice }
    for candidate in candidates {
      let certificate = candidate.certificate
      guard let reply = answer(frame, from: certificate.publicKey, &keys) else { continue }
      try context.check(certificate)
      let claimant = Claimant(
        scheme: .compactKK, address: certificate.fields.address, generation: certificate.fields.generation,
        lastEpoch: certificate.fields.lastEpoch, publicKey: certificate.publicKey)
      _ = try claimant.standing(in: candidate.device)
      return AdmissionStep(reply: reply, claimant: claimant)
    }
    // Keys that were replaced, last: who has one of them is mostly nobody.
    for issuance in retired {
      guard let claimant = try context.retired(issuance.publicKey, .compactKK),
        let reply = answer(frame, from: issuance.publicKey, &keys)
      else { continue }
      return AdmissionStep(reply: reply, claimant: claimant)
    }
    throw .unreadable
  }

  /// The answer to a first frame of the holder of `key`; nil when it is another's.
  private func answer(_ frame: RawSpan, from key: X25519.PublicKey, _ keys: inout SessionKeys) -> [UInt8]? {
    var reply = [UInt8](repeating: 0, count: CompactHandshake.replyLength)
    do throws(SchemesError) {
      var handshake = CompactHandshake(role: .responder)
      defer { handshake.close() }
      try handshake.readHello(frame, from: key, key: context.authority.serverKey)
      var span = reply.mutableBytes
      _ = try handshake.writeReply(into: &span, sending: &keys.sending, receiving: &keys.receiving)
    } catch { return nil }
    return reply
  }
}
