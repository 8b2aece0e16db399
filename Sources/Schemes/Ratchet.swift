import Primitives

/// The server's place in a device's hash ratchet: the key at the last session that was opened, and its number.
///
/// Device and server move forward and erase what they leave, so that a leaked key tells nothing about sessions before it.
/// The device moves before every attempt, the server when a session is confirmed; lost frames leave the device ahead, and
/// the server catches up by as many steps as the hello's counter says.
public struct RatchetState: ~Copyable {
  /// Steps that the server follows at most: an attacker must not make it hash for ever.
  public static let maximumSteps: UInt32 = 10_000

  public private(set) var step: UInt32 = 0
  private var key = SymmetricKey()

  /// - Parameter step: how often `key` has been moved.
  public init(key: borrowing SymmetricKey, step: UInt32 = 0) {
    self.key.copy(from: key.bytes)
    self.step = step
  }

  public mutating func wipe() { key.wipe() }

  /// Where the device stands after `counter` steps: writes that key, and changes nothing here.
  public func key<Hash: HashFunction>(
    at counter: UInt32, _: Hash.Type, into result: inout SymmetricKey
  ) throws(SchemesError) {
    guard counter > step else { throw .staleCounter }
    guard counter - step <= Self.maximumSteps else { throw .counterTooFarAhead }
    result.copy(from: key.bytes)
    for _ in step..<counter { DerivedKeys<Hash>.ratchet(&result) }
  }

  /// A session with `counter` and its `key` has been confirmed: the keys before it are gone.
  public mutating func confirm(_ counter: UInt32, key: borrowing SymmetricKey) {
    guard counter > step else { return }
    self.key.copy(from: key.bytes)
    step = counter
  }
}
