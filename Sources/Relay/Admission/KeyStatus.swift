// SPDX-License-Identifier: Apache-2.0

import Credentials
import Registry
import Schemes

/// What the registry says about a claimant's key.
enum KeyStatus {
  /// The key in use.
  case current
  /// The key that takes over now that it is used.
  case next
  /// A key that another has replaced.
  case retired
}

extension Claimant {
  /// The contradiction between the credential shown and the one on record for the claimed generation, if they differ.
  func contradiction(in device: RegisteredDevice) -> MisissuanceEvidence? {
    guard let credential else { return nil }
    for known in [device.certificate, device.pending].compactMap({ $0?.identityCredential }) {
      if let evidence = try? MisissuanceEvidence(known, credential) { return evidence }
    }
    return nil
  }

  /// Compares the claim with the registry's row: at the first frame, to spend no more on strangers, and again at the first
  /// record, because the row may have changed in between.
  func keyStatus(in device: RegisteredDevice) throws(AdmissionRefusal) -> KeyStatus {
    guard !device.isRevoked, generation > device.revokedThrough else { throw .revoked }
    guard device.floor.admits(scheme) else { throw .belowFloor }
    if isRetired, generation < device.generation { return .retired }
    if generation == device.generation, publicKey == nil || publicKey == device.certificate.publicKey {
      return .current
    }
    if let pending = device.pending, let publicKey, publicKey == pending.publicKey,
      generation == pending.fields.generation
    {
      return .next
    }
    throw contradiction(in: device) == nil ? .unknownKey : .misissued
  }
}
