// SPDX-License-Identifier: Apache-2.0

import Wire

/// "This generation of this device is in use: no earlier one is." 88 bytes signed.
///
/// The server makes it when a device's next key has been used for the first time. A peer that has it refuses the previous key on
/// a direct connection, although its certificate still verifies.
public struct RotationContent: GenerationContent {
  public static var kind: WireKind { .rotationStatement }

  public let system: SystemID
  public let device: DeviceID
  /// The generation in use.
  public let generation: Generation
  /// After this epoch every earlier certificate has expired, and the statement may be forgotten.
  public let lastEpoch: Epoch
  /// A number in the sequence that it shares with revocations, so that a device asks for both at once.
  public let sequence: UInt32

  public var flags: UInt8 { 0 }

  public init(system: SystemID, device: DeviceID, generation: Generation, lastEpoch: Epoch, sequence: UInt32) {
    self.system = system
    self.device = device
    self.generation = generation
    self.lastEpoch = lastEpoch
    self.sequence = sequence
  }

  init(
    flags: UInt8, system: SystemID, device: DeviceID, generation: Generation, lastEpoch: Epoch, sequence: UInt32
  ) throws(WireError) {
    guard flags == 0 else { throw .reservedFlags(flags) }
    self.init(system: system, device: device, generation: generation, lastEpoch: lastEpoch, sequence: sequence)
  }
}

public typealias RotationStatement = Statement<RotationContent>
