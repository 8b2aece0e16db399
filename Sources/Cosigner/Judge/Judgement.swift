// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Wire

extension Ledger {
  /// Judges one statement by what the log says, and tells why it may be signed.
  ///
  /// - Parameters:
  ///   - digest: SHA-256 of the bytes that are signed.
  ///   - now: seconds since 1970, by the co-signer's clock.
  func judge(
    _ statement: SignedContent, _ digest: Bytes<32>, proof: RotationProof?, to cosigner: borrowing X25519.PrivateKey,
    now: UInt64, _ limits: Limits
  ) throws(Refusal) -> Basis {
    guard statement.issuer == keyID else { throw .foreignKey }
    let isApproved = approvals.contains(digest)
    switch statement.content {
    case .certificate(let fields, let key):
      let isKnown = try checkKey(key, fields)
      guard UInt32(fields.lastEpoch) <= UInt32(epoch) + UInt32(limits.lead) || isApproved else { throw .lastsTooLong }
      if isKnown { return .routine }
      if isApproved { return .approval }
      return try judgeNewKey(key, fields, proof, cosigner, now)
    case .epoch(let content):
      try judgeEpoch(content.epoch, now, limits)
      return .routine
    case .revocation(let content):
      let device = devices[DeviceAddress(system: content.system, device: content.device)]
      guard let device, content.generation <= device.highest || content.generation == RevocationContent.everyGeneration
      else { throw .unknownDevice }
      return .routine
    case .rotation(let content):
      let device = devices[DeviceAddress(system: content.system, device: content.device)]
      guard let device, content.generation >= 1, content.generation <= device.highest else { throw .unknownDevice }
      return .routine
    case .policy:
      guard isApproved else { throw .needsApproval }
      return .approval
    case .issuance(let content):
      guard let last = issuance else { return .routine }
      guard content.count > last.count || content == last else { throw .rewrittenIssuances }
      return .routine
    }
  }

  /// What no approval changes: one key for a generation, one place for a key, nothing for a revoked generation. Returns whether the key
  /// was signed for this generation before.
  private func checkKey(_ key: X25519.PublicKey, _ fields: CertificateFields) throws(Refusal) -> Bool {
    // Another encoding of a key would be a second one of it.
    guard fields.generation >= 1, key.isCanonical else { throw .notAStatement }
    let device = devices[fields.address]
    guard fields.generation > device?.revokedThrough ?? 0 else { throw .revoked }
    if let place = places[key] {
      guard place == Place(address: fields.address, generation: fields.generation) else { throw .keyInUse }
      return true
    }
    // A generation that was passed over is gone, too.
    guard fields.generation > device?.highest ?? 0 else { throw .conflictingKey }
    return false
  }

  private func judgeNewKey(
    _ key: X25519.PublicKey, _ fields: CertificateFields, _ proof: RotationProof?,
    _ cosigner: borrowing X25519.PrivateKey, _ now: UInt64
  ) throws(Refusal) -> Basis {
    guard let device = devices[fields.address] else {
      guard fields.generation == 1 else { throw .skipsGenerations }
      guard let batch = opening(.batch, for: fields.address, now) else { throw .noBatch }
      return .batch(batch)
    }
    guard device.highest > device.revokedThrough else { throw .needsApproval }
    guard fields.generation == device.highest + 1 else { throw .skipsGenerations }
    if let proof, proof.from > device.revokedThrough,
      let sender = device.keys.first(where: { $0.generation == proof.from })?.key,
      proof.isValid(
        for: key, generation: fields.generation, of: fields.address, from: sender, to: cosigner, group: self.key)
    {
      return .proof
    }
    guard let window = opening(.window, for: fields.address, now) else { throw .notProved }
    return .window(window)
  }

  private func judgeEpoch(_ next: Epoch, _ now: UInt64, _ limits: Limits) throws(Refusal) {
    if next == epoch { return }
    guard UInt32(next) == UInt32(epoch) + 1 else { throw .epochOutOfOrder }
    // A clock that went back makes the wait longer, never shorter.
    guard now >= epochTime, now - epochTime >= limits.epochInterval else { throw .epochTooSoon }
  }

  private func opening(_ kind: Opening.Kind, for address: DeviceAddress, _ now: UInt64) -> UInt32? {
    openings.values
      .filter { $0.opening.kind == kind && $0.remaining > 0 && now < $0.opening.end && $0.opening.covers(address) }
      .map(\.opening.number).min()
  }
}
