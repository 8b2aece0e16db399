// SPDX-License-Identifier: Apache-2.0

import Credentials
import Keyring
import Noise
import CountersignCrypto
import Registry
import Schemes

/// The exchange of the schemes without public-key operations, which differ in how the first frame names a device and in where
/// its key comes from.
struct SymmetricExchange: ~Copyable {
  private var responder = SymmetricResponder<Hash.SHA256>()

  mutating func read(_ frame: RawSpan) throws(AdmissionRefusal) -> SymmetricResponder<Hash.SHA256>.Claim {
    do { return try responder.readHello(frame) } catch { throw .unreadable }
  }

  /// Answers a device whose first frame was made with `key`, whom `judge` names or refuses; nil when it was made with another.
  ///
  /// - Parameter lastCounter: the counter of the last session under this key. Looked at here to spend no more on replays, and
  ///   again by the registry when the session is accepted.
  mutating func answer(
    _ claim: SymmetricResponder<Hash.SHA256>.Claim, key: borrowing SecretBytes<32>, lastCounter: UInt32?,
    keys: inout SessionKeys, _ judge: () throws(AdmissionRefusal) -> Claimant
  ) throws(AdmissionRefusal) -> AdmissionStep? {
    do throws(SchemesError) {
      try responder.verify(claim, key: key, lastCounter: lastCounter)
    } catch .authenticationFailed {
      return nil
    } catch .staleCounter {
      throw .staleCounter
    } catch { throw .unreadable }
    let claimant: Claimant
    do throws(AdmissionRefusal) { claimant = try judge() } catch { return try turnAway(error, claim.scheme) }
    var reply = [UInt8](repeating: 0, count: claim.scheme.row.replyLength)
    var span = reply.mutableBytes
    do { _ = try responder.writeReply(into: &span, keys: &keys) } catch { throw .unreadable }
    return AdmissionStep(reply: reply, claimant: claimant)
  }

  private mutating func turnAway(
    _ refusal: AdmissionRefusal, _ scheme: SchemeID
  ) throws(AdmissionRefusal) -> AdmissionStep {
    guard let reason = refusal.told else { throw refusal }
    var reply = [UInt8](repeating: 0, count: scheme.row.refusalLength)
    var span = reply.mutableBytes
    do { _ = try responder.writeRefusal(reason, into: &span) } catch { throw refusal }
    return AdmissionStep(reply: reply, refusal: refusal)
  }
}

extension SymmetricResponder.Claim {
  /// The hint as a name.
  var name: Bytes<8> {
    var name = Bytes<8>()
    for index in 0..<8 { name[index] = hint[index] }
    return name
  }
}

extension NamedDevice {
  /// Whether this device may be served under this key at all.
  func check() throws(AdmissionRefusal) {
    guard !device.isRevoked, credential.generation > device.revokedThrough else { throw .revoked }
    guard !isWithdrawn else { throw .withdrawnKey }
    guard !device.isRetired, device.floor.admits(credential.scheme) else { throw .belowFloor }
  }

  /// The counter below which nothing is fresh; nil for a key that has not been used.
  var lastCounter: UInt32? { credential == device.current ? device.counter : nil }

  func claimant(counter: UInt32?, ratchet: [UInt8]? = nil) -> Claimant {
    Claimant(
      scheme: credential.scheme, address: device.address, generation: credential.generation, lastEpoch: .max,
      publicKey: nil, counter: counter, ratchet: ratchet)
  }
}
