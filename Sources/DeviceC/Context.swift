// SPDX-License-Identifier: Apache-2.0

import CCountersign
import Credentials
import Device
import CountersignCrypto
import Schemes

/// What lies in the memory of a `countersign_context`.
struct Context: ~Copyable {
  var identity = DeviceIdentity()
  var link = ServerLink(scheme: .certified)
  /// The key for which the server expects a request, in this session.
  var renewal: X25519.PublicKey?
  /// The key that the server has refused by its own word, until the next handshake, and why.
  var refused: SlotName?
  var refusal: UInt8 = 0
  /// Whether the next handshake shows the active key and not the next one, which the server has refused.
  var fallsBack = false
  /// Whether messages and sessions of others should come over the sessions that follow.
  var listens = true
  /// Whether the server should tell of applications.
  var knowsApplications = false

  /// Makes ready for a session's first frame, and says whether it shows the active key although there is a next one.
  mutating func beginSession() throws(DeviceError) -> Bool {
    let isFallingBack = fallsBack
    fallsBack = false
    refused = nil
    refusal = 0
    close()
    try identity.prepareSession(fallingBack: isFallingBack)
    return isFallingBack
  }

  /// Closes the session and readies the place for the next one.
  mutating func close() {
    link.close()
    link = ServerLink(scheme: identity.scheme)
    renewal = nil
  }
}

extension UnsafeMutablePointer<countersign_context> {
  var context: UnsafeMutablePointer<Context> {
    UnsafeMutableRawPointer(self).assumingMemoryBound(to: Context.self)
  }
}

extension UnsafePointer<countersign_context> {
  var context: UnsafePointer<Context> { UnsafeRawPointer(self).assumingMemoryBound(to: Context.self) }
}

/// Bytes that the C side lends for the length of one call.
@_lifetime(immortal)
func span(_ start: UnsafePointer<UInt8>, _ count: Int) -> RawSpan {
  _overrideLifetime(RawSpan(_unsafeStart: UnsafeRawPointer(start), byteCount: count), borrowing: ())
}

/// Bytes that the C side lends for writing for the length of one call.
@_lifetime(immortal)
func span(_ start: UnsafeMutablePointer<UInt8>, _ count: Int) -> MutableRawSpan {
  _overrideLifetime(MutableRawSpan(_unsafeStart: UnsafeMutableRawPointer(start), byteCount: count), copying: ())
}
