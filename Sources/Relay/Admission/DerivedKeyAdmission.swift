// SPDX-License-Identifier: Apache-2.0

import Credentials
import Noise
import CountersignCrypto
import Keyring
import Registry
import Schemes

/// Admits devices whose key follows from the master key and the registry's row, without a public-key operation: the first frame
/// shows a pseudonym, or the start of the salt. With PBKDF2 a key costs the server all the iterations before it knows whether the
/// device is there. It keeps the key, so that the next frame under that name costs no more than any other.
final class DerivedKeyAdmission: Admission {
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
    guard scheme.row.derivation == .stretched else { return .quick }
    _ = try find(frame)
    return candidates.allSatisfy(context.stretched.holds) ? .quick : .slow
  }

  private func find(_ frame: RawSpan) throws(AdmissionRefusal) -> SymmetricResponder<Hash.SHA256>.Claim {
    if let claim { return claim }
    let read = try exchange.read(frame)
    candidates = try context.asking { registry throws(RegistryError) in
      try registry.devices(named: read.name, scheme: read.scheme)
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
      try derive(candidate, into: &key)
      let step = try exchange.answer(claim, key: key, lastCounter: candidate.lastCounter, keys: &keys) {
        () throws(AdmissionRefusal) in
        try candidate.check()
        context.stretched.prove(candidate)
        return candidate.claimant(counter: claim.counter)
      }
      if let step { return step }
    }
    throw .unreadable
  }

  private func derive(_ candidate: NamedDevice, into key: inout SecretBytes<32>) throws(AdmissionRefusal) {
    if context.stretched.find(candidate, into: &key) { return }
    do { try context.authority.deriveKey(candidate.credential, of: candidate.device.address, into: &key) } catch {
      throw .unavailable
    }
    if scheme.row.derivation == .stretched { context.stretched.remember(key, of: candidate) }
  }
}
