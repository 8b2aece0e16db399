// SPDX-License-Identifier: Apache-2.0

import Credentials
import Noise
import CountersignCrypto
import Keyring
import Registry
import Schemes

/// Admits devices whose first frame shows two bytes of a pseudonym (Noise_NNpsk0). Devices whose pseudonyms begin with them are
/// tried, up to ``RelayLimits/trialKeys`` of them. A replayed first frame gets an answer that its sender cannot use, so no
/// counter is needed.
final class EphemeralAdmission: Admission {
  private let context: AdmissionContext
  private let scheme: SchemeID

  init(_ context: AdmissionContext, _ scheme: SchemeID) {
    self.context = context
    self.scheme = scheme
  }

  func receive(
    _ frame: RawSpan, keys: inout SessionKeys, proof: inout ProofContext
  ) throws(AdmissionRefusal) -> AdmissionStep {
    let hint: UInt16
    do { hint = try RoutingHint.of(frame, scheme) } catch { throw .unreadable }
    let candidates = try context.asking { registry throws(RegistryError) in
      try registry.devices(namedFrom: hint, scheme: scheme, limit: context.trialKeys)
    }
    guard !candidates.isEmpty else { throw .unknownDevice }
    var key = SecretBytes<32>()
    defer { key.wipe() }
    for candidate in candidates {
      do { try context.authority.deriveKey(candidate.credential, of: candidate.device.address, into: &key) } catch {
        throw .unavailable
      }
      var handshake = Responder(scheme)
      defer { handshake.close() }
      do throws(SchemesError) {
        try handshake.setPSK(key)
        _ = try handshake.readHello(frame, key: context.authority.serverKey)
      } catch { continue }
      do throws(AdmissionRefusal) { try candidate.check() } catch {
        return try handshake.turnAway(error, telling: error.told)
      }
      var reply = [UInt8](repeating: 0, count: scheme.row.replyLength)
      var span = reply.mutableBytes
      do { _ = try handshake.writeReply(into: &span, keys: &keys) } catch { throw .unreadable }
      return AdmissionStep(reply: reply, claimant: candidate.claimant(counter: nil))
    }
    throw .unreadable
  }
}
