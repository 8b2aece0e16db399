// SPDX-License-Identifier: Apache-2.0

import Credentials
import Noise
import CountersignCrypto
import Keyring
import Registry
import Schemes

/// Admits devices whose first frame shows two bytes of a hash of their key (Noise_KK). Keys that have them are tried, at two
/// multiplications each, up to ``RelayLimits/trialKeys`` of those in use and as many earlier ones: a device chooses its keys, and
/// could choose any number with one hint.
final class CompactAdmission: Admission {
  /// Beyond this many, in use and in the log, trying them takes more than a millisecond or two.
  private static let cheapKeys = 32

  private let context: AdmissionContext
  private let scheme: SchemeID
  private var keys: (inUse: [KeyHolder], issued: [IssuanceLine])?

  init(_ context: AdmissionContext, _ scheme: SchemeID) {
    self.context = context
    self.scheme = scheme
  }

  func prepare(_ frame: RawSpan) throws(AdmissionRefusal) -> AnswerCost {
    let (inUse, issued) = try find(frame)
    return inUse.count + issued.count > Self.cheapKeys ? .slow : .quick
  }

  private func find(_ frame: RawSpan) throws(AdmissionRefusal) -> (inUse: [KeyHolder], issued: [IssuanceLine]) {
    if let keys { return keys }
    let hint: UInt16
    do { hint = try RoutingHint.of(frame, scheme) } catch { throw .unreadable }
    let limit = context.trialKeys
    let inUse = try context.asking { registry throws(RegistryError) in
      try registry.devices(hinted: hint, limit: limit)
    }
    let issued = try context.asking { registry throws(RegistryError) in
      try registry.issuances(hinted: hint, limit: limit)
    }
    guard !inUse.isEmpty || !issued.isEmpty else { throw .unknownDevice }
    keys = (inUse, issued)
    return (inUse, issued)
  }

  func receive(
    _ frame: RawSpan, keys: inout SessionKeys, proof: inout ProofContext
  ) throws(AdmissionRefusal) -> AdmissionStep {
    let (candidates, retired) = try find(frame)
    for candidate in candidates {
      let key = candidate.certificate.publicKey
      let step = try answer(frame, from: key, &keys, &proof) { () throws(AdmissionRefusal) in try claimant(candidate) }
      if let step { return step }
    }
    // Replaced keys last: usually nobody uses them.
    for issuance in retired {
      let key = issuance.publicKey
      let step = try answer(frame, from: key, &keys, &proof) { () throws(AdmissionRefusal) in
        guard let claimant = try context.retired(key, scheme) else { throw .unknownKey }
        return claimant
      }
      if let step { return step }
    }
    throw .unreadable
  }

  private func claimant(_ candidate: KeyHolder) throws(AdmissionRefusal) -> Claimant {
    let certificate = candidate.certificate
    try context.check(certificate)
    let claimant = Claimant(
      scheme: scheme, address: certificate.fields.address, generation: certificate.fields.generation,
      lastEpoch: certificate.fields.lastEpoch, publicKey: certificate.publicKey)
    _ = try claimant.keyStatus(in: candidate.device)
    return claimant
  }

  /// The answer to a first frame of the holder of `key`, whom `judge` names or refuses; nil when it is another's.
  private func answer(
    _ frame: RawSpan, from key: X25519.PublicKey, _ keys: inout SessionKeys, _ proof: inout ProofContext,
    _ judge: () throws(AdmissionRefusal) -> Claimant
  ) throws(AdmissionRefusal) -> AdmissionStep? {
    var handshake = Responder(scheme)
    defer { handshake.close() }
    do { _ = try handshake.readHello(frame, key: context.authority.serverKey, device: key) } catch { return nil }
    let claimant: Claimant
    do throws(AdmissionRefusal) { claimant = try judge() } catch {
      return try handshake.turnAway(error, telling: error.told)
    }
    var reply = [UInt8](repeating: 0, count: scheme.row.replyLength)
    var span = reply.mutableBytes
    do { _ = try handshake.writeReply(into: &span, keys: &keys, proof: &proof) } catch { throw .unreadable }
    return AdmissionStep(reply: reply, claimant: claimant)
  }
}
