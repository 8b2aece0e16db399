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
    guard !candidates.isEmpty else { throw .unknownDevice }
    for candidate in candidates {
      let certificate = candidate.certificate
      var reply = [UInt8](repeating: 0, count: CompactHandshake.replyLength)
      do throws(SchemesError) {
        var handshake = CompactHandshake(role: .responder)
        defer { handshake.close() }
        try handshake.readHello(frame, from: certificate.publicKey, key: context.authority.serverKey)
        var span = reply.mutableBytes
        _ = try handshake.writeReply(into: &span, sending: &keys.sending, receiving: &keys.receiving)
      } catch { continue }
      let claimant = Claimant(
        scheme: .compactKK, address: certificate.fields.address, generation: certificate.fields.generation,
        lastEpoch: certificate.fields.lastEpoch, publicKey: certificate.publicKey)
      _ = try claimant.standing(in: candidate.device)
      return AdmissionStep(reply: reply, claimant: claimant)
    }
    throw .unreadable
  }
}
