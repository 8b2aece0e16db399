// SPDX-License-Identifier: Apache-2.0

import Noise
import CountersignCrypto
import Schemes

extension DeviceIdentity {
  /// Computes what the next sessions with the server have in common: the Diffie-Hellman of the key that they show and the
  /// server's. It is kept beside the key, so that each handshake costs one multiplication less.
  ///
  /// Call it before a session, or ahead of time while the radio sleeps; a second call costs nothing. The device file does not
  /// store the secret: it is computed again after a restart, and when the device's key or the server's has changed. It is
  /// overwritten with the key.
  ///
  /// - Parameter fallingBack: see ``slotForSession(fallingBack:)``. Without a key for sessions there is nothing to do.
  /// - Throws: ``DeviceError/schemes(_:)`` with ``NoiseError/lowOrderPoint`` for a server key that is not one.
  public mutating func prepareSession(fallingBack: Bool = false) throws(DeviceError) {
    do throws(CryptoError) {
      switch slotForSession(fallingBack: fallingBack) {
      case .a: try slotA.agree(with: serverKey)
      case .b: try slotB.agree(with: serverKey)
      case nil: break
      }
    } catch { throw .schemes(.noise(.lowOrderPoint)) }
  }
}
