import Credentials
import Noise
import Primitives
import Registry
import Schemes

/// Admits devices of `derived-key-ephemeral`: Noise_NNpsk0. The first frame shows two bytes of a pseudonym; devices whose
/// pseudonyms begin so are tried, up to ``RelayLimits/trialKeys`` of them. A replayed first frame gets an answer that its sender cannot use, so that no counter is needed.
final class EphemeralAdmission: Admission {
  private let context: AdmissionContext

  init(_ context: AdmissionContext) {
    self.context = context
  }

  func receive(_ frame: RawSpan, keys: inout SessionKeys) throws(AdmissionRefusal) -> AdmissionStep {
    let hint: UInt16
    do { hint = try EphemeralHandshake.hint(of: frame) } catch { throw .unreadable }
    let candidates = try context.asking { registry throws(RegistryError) in
      try registry.devices(namedFrom: hint, scheme: .derivedKeyEphemeral, limit: context.trialKeys)
    }
    guard !candidates.isEmpty else { throw .unknownDevice }
    var key = SymmetricKey()
    defer { key.wipe() }
    for candidate in candidates {
      do { try context.authority.deriveKey(candidate.credential, of: candidate.device.address, into: &key) } catch {
        throw .unavailable
      }
      var reply = [UInt8](repeating: 0, count: EphemeralHandshake.replyLength)
      do throws(SchemesError) {
        var handshake = try EphemeralHandshake(role: .responder)
        defer { handshake.close() }
        try handshake.readHello(frame, key: key)
        var span = reply.mutableBytes
        _ = try handshake.writeReply(into: &span, sending: &keys.sending, receiving: &keys.receiving)
      } catch { continue }
      try candidate.check()
      return AdmissionStep(reply: reply, claimant: candidate.claimant(counter: nil))
    }
    throw .unreadable
  }
}
