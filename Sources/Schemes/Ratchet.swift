// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto

/// The server's place in a device's hash ratchet: the key at the last session that was opened, and its number.
///
/// Device and server move forward and erase what they leave, so that a leaked key tells nothing about sessions before it.
/// The device moves before every attempt, the server when a session is confirmed; lost frames leave the device ahead, and
/// the server catches up by as many steps as the hello's counter says.
public struct RatchetState: ~Copyable {
  /// Steps that are followed at once: whoever made up the counter must not make the server hash for ever. Beyond them the caller
  /// decides how much to spend, with ``advance(by:_:)``.
  public static let stepsAtOnce: UInt32 = 4_096

  public private(set) var step: UInt32 = 0
  private var key = SecretBytes<32>()

  /// - Parameter step: how often `key` has been moved.
  public init(key: borrowing SecretBytes<32>, step: UInt32 = 0) {
    self.key.copy(from: key.bytes)
    self.step = step
  }

  public init(copying other: borrowing RatchetState) {
    key.copy(from: other.key.bytes)
    step = other.step
  }

  public mutating func wipe() { key.wipe() }

  /// Writes the device's key after `counter` steps, and changes nothing here.
  ///
  /// - Throws: ``SchemesError/staleCounter``, and ``SchemesError/counterTooFarAhead`` beyond ``stepsAtOnce``.
  public func key<H: Hash.Function>(
    at counter: UInt32, _: H.Type, into result: inout SecretBytes<32>
  ) throws(SchemesError) {
    guard counter > step else { throw .staleCounter }
    guard counter - step <= Self.stepsAtOnce else { throw .counterTooFarAhead }
    result.copy(from: key.bytes)
    for _ in step..<counter { DerivedKeys<H>.ratchet(&result) }
  }

  /// Advances towards a device that is far ahead. Earlier keys are gone from here.
  public mutating func advance<H: Hash.Function>(by count: UInt32, _: H.Type) {
    for _ in 0..<count { DerivedKeys<H>.ratchet(&key) }
    step += count
  }

  /// A session with `counter` and its `key` has been confirmed: the keys before it are gone.
  public mutating func confirm(_ counter: UInt32, key: borrowing SecretBytes<32>) {
    guard counter > step else { return }
    self.key.copy(from: key.bytes)
    step = counter
  }
}
