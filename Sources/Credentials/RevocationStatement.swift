// SPDX-License-Identifier: Apache-2.0

import Wire

/// Why a key was revoked; the statement's flags byte.
public enum RevocationReason: UInt8, Sendable {
  case unspecified = 0
  /// Someone else has, or may have, the device's key.
  case keyCompromise = 1
  /// A newer generation took the key's place.
  case superseded = 4
  /// The device is out of service.
  case cessationOfOperation = 5
}

#if !hasFeature(Embedded)
  extension RevocationReason: CaseIterable {}
#endif

/// "This generation of this device, and every earlier one, is no longer to be trusted." 88 bytes signed.
///
/// The reasons have the numbers that RFC 5280, section 5.3.1 gives them.
public struct RevocationContent: GenerationContent {
  public static var kind: WireKind { .revocationStatement }

  /// Revokes every generation, future ones too: the device is out of the fleet.
  public static let everyGeneration: Generation = .max

  public let reason: RevocationReason
  public let system: SystemID
  public let device: DeviceID
  /// The newest generation that is revoked.
  public let generation: Generation
  /// After this epoch every revoked certificate has expired, and the statement may be forgotten.
  public let lastEpoch: Epoch
  /// Counts the registry's revocations, so that a device can ask for those it has not seen.
  public let sequence: UInt32

  public var flags: UInt8 { reason.rawValue }

  public init(
    reason: RevocationReason, system: SystemID, device: DeviceID, generation: Generation, lastEpoch: Epoch,
    sequence: UInt32
  ) {
    self.reason = reason
    self.system = system
    self.device = device
    self.generation = generation
    self.lastEpoch = lastEpoch
    self.sequence = sequence
  }

  init(
    flags: UInt8, system: SystemID, device: DeviceID, generation: Generation, lastEpoch: Epoch, sequence: UInt32
  ) throws(WireError) {
    guard let reason = RevocationReason(rawValue: flags) else { throw .reservedFlags(flags) }
    self.init(
      reason: reason, system: system, device: device, generation: generation, lastEpoch: lastEpoch, sequence: sequence)
  }
}

public typealias RevocationStatement = Statement<RevocationContent>
