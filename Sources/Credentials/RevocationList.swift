/// The revocations a device remembers: a fixed number, keyed by system, device and generation, never by signature.
///
/// An entry goes when its last epoch has passed, for then the revoked certificate is expired anyway. A list that had to turn
/// an entry away says so until that entry too would have gone: it would rather trust nobody than be wrong.
public struct RevocationList: Sendable {
  public static let capacity = 32

  /// 16 bytes each; generation 0 marks a free one.
  struct Entry {
    var device: UInt64 = 0
    var system: UInt32 = 0
    var generation: Generation = 0
    var lastEpoch: Epoch = 0
  }

  var entries = InlineArray<32, Entry>(repeating: Entry())
  /// The epoch after which every entry that was turned away has gone; 0 when none was.
  var overflowsUntil: Epoch = 0

  public init() {}

  /// Whether an entry was turned away that still matters.
  public var isOverflowing: Bool { overflowsUntil != 0 }

  public var count: Int {
    var count = 0
    for index in entries.indices where entries[index].generation != 0 { count += 1 }
    return count
  }

  public mutating func insert(_ revocation: RevocationContent) {
    let new = Entry(
      device: revocation.device.rawValue, system: revocation.system.rawValue, generation: revocation.generation,
      lastEpoch: revocation.lastEpoch)
    guard new.generation != 0 else { return }
    var free: Int?
    for index in entries.indices {
      let entry = entries[index]
      if entry.generation == 0 {
        if free == nil { free = index }
      } else if entry.system == new.system && entry.device == new.device {
        entries[index].generation = max(entry.generation, new.generation)
        entries[index].lastEpoch = max(entry.lastEpoch, new.lastEpoch)
        return
      }
    }
    if let free {
      entries[free] = new
    } else {
      // At least 1, for 0 says that there is no overflow.
      overflowsUntil = max(overflowsUntil, max(new.lastEpoch, 1))
    }
  }

  /// Refuses a certificate whose subject is revoked.
  public func check(_ fields: CertificateFields) throws(CredentialsError) {
    for index in entries.indices {
      let entry = entries[index]
      if entry.generation != 0, entry.generation >= fields.generation, entry.device == fields.device.rawValue,
        entry.system == fields.system.rawValue
      {
        throw .revoked(generation: entry.generation)
      }
    }
  }

  /// Drops what no longer matters once the epoch has reached `epoch`.
  mutating func forget(before epoch: Epoch) {
    for index in entries.indices where entries[index].lastEpoch < epoch { entries[index] = Entry() }
    if overflowsUntil < epoch { overflowsUntil = 0 }
  }
}
