// SPDX-License-Identifier: Apache-2.0

import Credentials
import Noise
import CountersignCrypto
import Keyring
import Registry
import Schemes
import Wire

/// Admits devices that share a key: the first frame shows the address in the clear, and every device of the system has the key
/// that it is made with.
final class SharedKeyAdmission: Admission {
  private let context: AdmissionContext
  private let scheme: SchemeID
  private var exchange = SymmetricExchange()

  init(_ context: AdmissionContext, _ scheme: SchemeID) {
    self.context = context
    self.scheme = scheme
  }

  func receive(
    _ frame: RawSpan, keys: inout SessionKeys, proof: inout ProofContext
  ) throws(AdmissionRefusal) -> AdmissionStep {
    let claim = try exchange.read(frame)
    let hint = claim.hint
    let address: DeviceAddress
    do {
      var reader = ByteReader(hint.bytes)
      address = try DeviceAddress(&reader)
    } catch { throw .unreadable }
    let found = try context.asking { registry throws(RegistryError) in try registry.symmetricDevice(address) }
    guard let device = found else { throw .unknownDevice }
    guard device.floor.admits(scheme) else { throw .belowFloor }
    var key = SecretBytes<32>()
    defer { key.wipe() }
    for credential in [device.current, device.pending] {
      guard let credential, credential.scheme == scheme else { continue }
      if let step = try answer(claim, NamedDevice(device: device, credential: credential), &key, &keys) { return step }
    }
    let withdrawn = try context.asking { registry throws(RegistryError) in try registry.withdrawnKeys(of: device) }
    for credential in withdrawn where credential.scheme == scheme {
      let candidate = NamedDevice(device: device, credential: credential, isWithdrawn: true)
      if let step = try answer(claim, candidate, &key, &keys) { return step }
    }
    throw .unknownKey
  }

  /// The answer to a first frame that was made with the candidate's key; nil when it was made with another.
  private func answer(
    _ claim: SymmetricResponder<Hash.SHA256>.Claim, _ candidate: NamedDevice, _ key: inout SecretBytes<32>,
    _ keys: inout SessionKeys
  ) throws(AdmissionRefusal) -> AdmissionStep? {
    do { try context.authority.deriveKey(candidate.credential, of: candidate.device.address, into: &key) } catch {
      throw .unavailable
    }
    return try exchange.answer(claim, key: key, lastCounter: candidate.lastCounter, keys: &keys) {
      () throws(AdmissionRefusal) in
      try candidate.check()
      return candidate.claimant(counter: claim.counter)
    }
  }
}
