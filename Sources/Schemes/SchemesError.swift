// SPDX-License-Identifier: Apache-2.0

import Credentials
import Noise

/// Why a device and the server did not agree on a session.
public enum SchemesError: Error, Equatable, Sendable {
  case noise(NoiseError)
  case credentials(CredentialsError)
  /// The first frame names a scheme that is unknown or not the one expected here.
  case unexpectedScheme(UInt8)
  /// A frame is empty, or its payload has a length that the scheme does not know.
  case malformed
  /// A frame between holders of a shared key is not authentic: another key, or altered bytes.
  case authenticationFailed
  /// The counter is not above the last one that was accepted: a replay, or a clone.
  case staleCounter
  /// The counter is further ahead than the server will follow.
  case counterTooFarAhead
  /// The server, which has proved to be it, opens no session with the key that was shown.
  case refused(SessionRefusal)
  /// The caller's buffer cannot hold the frame.
  case bufferTooSmall(needed: Int)
}
