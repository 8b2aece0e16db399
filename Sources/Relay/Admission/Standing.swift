import Registry

/// What the registry says about a claimant's key.
enum Standing {
  /// The key in use.
  case current
  /// The key that takes over now that it is used.
  case next
}

extension Claimant {
  /// Compares the claim with the registry's row. Done at the first frame, to spend no more on strangers, and again at the
  /// first record, for the row may have changed in between.
  func standing(in device: RegisteredDevice) throws(AdmissionRefusal) -> Standing {
    guard !device.isRevoked, generation > device.revokedThrough else { throw .revoked }
    guard device.floor.admits(scheme) else { throw .belowFloor }
    if generation == device.generation, publicKey == nil || publicKey == device.certificate.publicKey {
      return .current
    }
    if let pending = device.pending, let publicKey, publicKey == pending.publicKey,
      generation == pending.fields.generation
    {
      return .next
    }
    throw .unknownKey
  }
}
