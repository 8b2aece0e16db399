// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Credentials
import Wire
import Registry
import Schemes

extension AdmissionRefusal {
  /// What the holder of the key is told, encrypted; nil where nothing is said. Whoever repeats a counter may have recorded the frame and
  /// is no holder; that a server cannot serve anybody now is said in clear.
  public var told: SessionRefusal? {
    switch self {
    case .unknownDevice, .unknownKey, .misissued: .unknownKey
    case .revoked: .revoked
    case .belowFloor: .belowFloor
    case .invalidCertificate: .invalidCertificate
    case .withdrawnKey: .withdrawn
    case .quarantined: .quarantined
    case .unknownScheme, .unreadable, .staleCounter, .unavailable: nil
    }
  }
}

extension Responder {
  /// Turns away the holder of the key that the first frame was made with.
  ///
  /// - Parameter reason: what that holder is told.
  /// - Throws: `refusal`, where nothing is told.
  mutating func turnAway(
    _ refusal: AdmissionRefusal, telling reason: SessionRefusal?
  ) throws(AdmissionRefusal) -> AdmissionStep {
    guard let reason else { throw refusal }
    var reply = [UInt8](repeating: 0, count: scheme.row.refusalLength)
    var span = reply.mutableBytes
    do { _ = try writeRefusal(reason, into: &span) } catch { throw refusal }
    return AdmissionStep(reply: reply, refusal: refusal)
  }
}

extension AdmissionContext {
  /// What the holder of `key` is told, who has named a device. A reason about a device is for whoever has had a key of it: others hear
  /// that theirs is not known, whatever device they name, or anybody could ask after any device.
  func told(
    _ refusal: AdmissionRefusal, of address: DeviceAddress, to key: X25519.PublicKey
  ) throws(AdmissionRefusal) -> SessionRefusal? {
    guard let reason = refusal.told, reason != .unknownKey else { return refusal.told }
    let issuance = try asking { registry throws(RegistryError) in try registry.issuance(of: key) }
    return issuance?.address == address ? reason : .unknownKey
  }
}
