import Credentials
import Primitives

/// One of a device's two places for a key.
public struct KeySlot: ~Copyable {
  /// Where the key stands in its life. Values are stored.
  public enum State: UInt8, Sendable {
    case empty = 0
    /// Opens sessions.
    case active = 1
    /// Made here, not yet certified.
    case pending = 2
    /// Certified, not yet used with the server.
    case certified = 3
    /// Replaced; kept only to open messages that were sealed to it before.
    case retiring = 4
  }

  public internal(set) var state = State.empty
  public internal(set) var key = X25519.PrivateKey()
  /// Present in every state but `empty` and `pending`.
  public internal(set) var certificate: Certificate?

  init() {}

  public var generation: Generation { certificate?.fields.generation ?? 0 }

  mutating func clear() {
    key.wipe()
    certificate = nil
    state = .empty
  }
}
