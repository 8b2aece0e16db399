// SPDX-License-Identifier: Apache-2.0

import Credentials
import Noise
import CountersignCrypto
import Keyring
import Registry
import Schemes

/// Admits devices whose key a hash advances: the first frame shows a pseudonym, and its counter says how far the device's key has
/// moved. The registry's copy follows when the session is accepted, and cannot go back.
///
/// Until it has followed, the server cannot tell the device from somebody who has seen the pseudonym and made up a counter:
/// ``RatchetLines`` bounds what that costs.
final class RatchetAdmission: Admission {
  /// A tenth of a millisecond.
  private static let cheapSteps = 64

  private let context: AdmissionContext
  private let scheme: SchemeID
  private var exchange = SymmetricExchange()
  private var claim: SymmetricResponder<Hash.SHA256>.Claim?
  private var candidates: [NamedDevice] = []

  init(_ context: AdmissionContext, _ scheme: SchemeID) {
    self.context = context
    self.scheme = scheme
  }

  func prepare(_ frame: RawSpan) throws(AdmissionRefusal) -> AnswerCost {
    let claim = try find(frame)
    let isFarAhead = candidates.contains { Int64(claim.counter) - Int64($0.lastCounter ?? 0) > Self.cheapSteps }
    return isFarAhead ? .slow : .quick
  }

  private func find(_ frame: RawSpan) throws(AdmissionRefusal) -> SymmetricResponder<Hash.SHA256>.Claim {
    if let claim { return claim }
    let read = try exchange.read(frame)
    candidates = try context.asking { registry throws(RegistryError) in
      try registry.devices(named: read.name, scheme: scheme)
    }
    guard !candidates.isEmpty else { throw .unknownDevice }
    claim = read
    return read
  }

  func receive(
    _ frame: RawSpan, keys: inout SessionKeys, proof: inout ProofContext
  ) throws(AdmissionRefusal) -> AdmissionStep {
    let claim = try find(frame)
    var key = SecretBytes<32>()
    defer { key.wipe() }
    for candidate in candidates {
      try advance(candidate, to: claim.counter, &key)
      // The ratchet has judged the counter.
      let step = try exchange.answer(claim, key: key, lastCounter: nil, keys: &keys) { () throws(AdmissionRefusal) in
        try candidate.check()
        context.ratchets.forget(candidate.device.address)
        let state = context.authority.sealRatchet(
          key, of: candidate.device.address, generation: candidate.credential.generation, step: claim.counter)
        return candidate.claimant(counter: claim.counter, ratchet: state)
      }
      if let step { return step }
    }
    throw .unreadable
  }

  /// The key at the step that the device claims.
  private func advance(
    _ candidate: NamedDevice, to counter: UInt32, _ key: inout SecretBytes<32>
  ) throws(AdmissionRefusal) {
    let step = candidate.lastCounter ?? 0
    do {
      try context.authority.deriveKey(candidate.credential, of: candidate.device.address, step: step, into: &key)
    } catch { throw .unavailable }
    var ratchet = RatchetState(key: key, step: step)
    defer { ratchet.wipe() }
    let isThere: Bool
    do throws(SchemesError) {
      isThere = try context.ratchets.follow(
        ratchet, of: candidate.device.address, candidate.credential.generation, to: counter, into: &key)
    } catch {
      throw error == .staleCounter ? .staleCounter : .unreadable
    }
    // The path so far is kept: the device will come back.
    guard isThere else { throw .unavailable }
  }
}
