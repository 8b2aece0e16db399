/// "This generation of this device is in use: no earlier one is." 88 bytes signed.
///
/// The server makes it when a device's next key has been used for the first time. A peer that has it refuses the key before on a
/// connection of the two devices' own, though its certificate still verifies.
public struct RotationContent: StatementContent {
  public static var kind: WireKind { .rotationStatement }
  public static var contentLength: Int { 20 }

  public let system: SystemID
  public let device: DeviceID
  /// The generation in use.
  public let generation: Generation
  /// After this epoch every earlier certificate has expired, and the statement may be forgotten.
  public let lastEpoch: Epoch
  /// A number of the sequence that revocations are counted in, so that a device asks for both at once.
  public let sequence: UInt32

  public var flags: UInt8 { 0 }

  public init(system: SystemID, device: DeviceID, generation: Generation, lastEpoch: Epoch, sequence: UInt32) {
    self.system = system
    self.device = device
    self.generation = generation
    self.lastEpoch = lastEpoch
    self.sequence = sequence
  }

  public init(flags: UInt8, _ reader: inout ByteReader) throws(CredentialsError) {
    guard flags == 0 else { throw .reservedFlags(flags) }
    system = SystemID(try reader.uint32())
    device = DeviceID(try reader.uint64())
    generation = try reader.uint16()
    lastEpoch = try reader.uint16()
    sequence = try reader.uint32()
  }

  public func encode(_ writer: inout ByteWriter) {
    writer.uint32(system.rawValue)
    writer.uint64(device.rawValue)
    writer.uint16(generation)
    writer.uint16(lastEpoch)
    writer.uint32(sequence)
  }
}

public typealias RotationStatement = Statement<RotationContent>
