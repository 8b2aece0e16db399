// SPDX-License-Identifier: Apache-2.0

import Credentials
import Noise
import CountersignCrypto
import Schemes
import Wire

/// The server's side of one scheme's handshake: from a device's first frame to who it claims to be, and the session's keys.
///
/// An admission changes nothing outside itself, and nothing may be done on its word alone: a first frame can be replayed.
/// The claim holds once the device has sent a record under the keys.
public protocol Admission: AnyObject {
  /// Reads how the device's first frame names it and looks up the keys to try, which ``receive(_:keys:proof:)`` then uses. Computes nothing
  /// with them.
  func prepare(_ frame: RawSpan) throws(AdmissionRefusal) -> AnswerCost

  /// Reads the device's next frame.
  ///
  /// - Parameters:
  ///   - keys: filled when the step names a claimant.
  ///   - proof: what a device's proof of its next key is checked against; filled with the keys where the device has a key pair.
  func receive(
    _ frame: RawSpan, keys: inout SessionKeys, proof: inout ProofContext
  ) throws(AdmissionRefusal) -> AdmissionStep

  /// Called once when the device has proved its claim.
  func confirmed()
}

/// What answering a first frame takes.
public enum AnswerCost: Sendable {
  case quick
  /// It may take longer than other devices should wait, a millisecond or more.
  case slow
}

extension Admission {
  public func prepare(_ frame: RawSpan) -> AnswerCost { .quick }
  public func confirmed() {}
}

/// What follows from a frame of the handshake.
public struct AdmissionStep {
  /// The frame to send back; empty when none is due.
  public let reply: [UInt8]
  /// Who the device claims to be, when this was the handshake's last frame.
  public let claimant: Claimant?
  /// Why the device gets no session, when it is told so: by ``reply``, or, after the handshake's last message, by a record.
  public let refusal: AdmissionRefusal?
  /// What that record says.
  public let told: SessionRefusal?

  public init(reply: [UInt8], claimant: Claimant?) {
    self.reply = reply
    self.claimant = claimant
    refusal = nil
    told = nil
  }

  /// The device is turned away, by an answer that only the holder of its key can read.
  public init(reply: [UInt8], refusal: AdmissionRefusal) {
    self.reply = reply
    claimant = nil
    self.refusal = refusal
    told = nil
  }

  /// The device is turned away when the session has its keys already.
  public init(refusal: AdmissionRefusal, telling reason: SessionRefusal) {
    reply = []
    claimant = nil
    self.refusal = refusal
    told = reason
  }
}

/// Who a device claims to be, and with what.
public struct Claimant: Sendable {
  public let scheme: SchemeID
  public let address: DeviceAddress
  public let generation: Generation
  /// The last epoch in which the credential is good for more than renewing itself.
  public let lastEpoch: Epoch
  /// The device's own key; nil for schemes in which it has none.
  public let publicKey: X25519.PublicKey?
  /// The counter of the first frame, which must be stored before anything is done for the device; nil for schemes whose
  /// handshake cannot be replayed.
  public let counter: UInt32?
  /// The state of the device's ratchet after this session, sealed for the registry.
  public let ratchet: [UInt8]?
  /// The identity-based credential that the device showed.
  public var credential: IdentityCredential?
  /// Whether the key is one that the device had before: the device may have missed that its next key was taken into use, or there
  /// may be two of it. See ``Relay``.
  public var isRetired = false

  public init(
    scheme: SchemeID, address: DeviceAddress, generation: Generation, lastEpoch: Epoch, publicKey: X25519.PublicKey?,
    counter: UInt32? = nil, ratchet: [UInt8]? = nil
  ) {
    self.scheme = scheme
    self.address = address
    self.generation = generation
    self.lastEpoch = lastEpoch
    self.publicKey = publicKey
    self.counter = counter
    self.ratchet = ratchet
  }
}

/// Why a device was turned away. The raw values label the metric and the log; what the device is told is ``told``.
public enum AdmissionRefusal: String, Error, Sendable, CaseIterable {
  /// The first byte names no scheme that this server speaks.
  case unknownScheme = "unknown_scheme"
  /// The frame does not decrypt or does not parse.
  case unreadable
  /// No such device.
  case unknownDevice = "unknown_device"
  /// The device exists, but this key is neither the one in use nor the pending one.
  case unknownKey = "unknown_key"
  /// The device has proved a credential that contradicts the one on record: evidence of misissuance.
  case misissued
  /// The certificate's signature does not verify, or the certificate is about something else.
  case invalidCertificate = "invalid_certificate"
  case revoked
  /// The counter is not above the last one: a replay, or a copy of the device.
  case staleCounter = "stale_counter"
  /// The device has proved itself by a stronger scheme before.
  case belowFloor = "below_floor"
  /// The key was given to the device and taken back before its first use, because the owner has ordered something else.
  case withdrawnKey = "withdrawn_key"
  /// Two holders of the device's keys have shown themselves, and the owner has not looked at it yet.
  case quarantined
  /// The registry cannot be read or written now, or the server has not yet followed the device's ratchet to where it is.
  case unavailable
}
