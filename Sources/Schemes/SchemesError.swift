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
  /// The caller's buffer cannot hold the frame.
  case bufferTooSmall(needed: Int)
}
