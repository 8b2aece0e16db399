// SPDX-License-Identifier: Apache-2.0

import Credentials
import Noise
import Records
import Schemes
import Wire

/// Why a device refused something, or could not continue.
public enum DeviceError: Error, Equatable, Sendable {
  case noise(NoiseError)
  case credentials(CredentialsError)
  case schemes(SchemesError)
  /// The bytes are not a stored identity: wrong magic, length or checksum, or an impossible state.
  case corruptFile
  /// The stored identity was written by a later version.
  case unknownFileVersion(UInt8)
  /// A record's type byte is unknown, or the record does not belong here.
  case unexpectedRecord(UInt8)
  /// A record is shorter than its type requires.
  case malformedRecord
  /// No slot holds a key that could open a session.
  case noUsableKey
  /// A rotation is under way, or the old key is still needed for messages that wait in the mailbox.
  case rotationInProgress
  /// A certificate or a message is about another device, key or generation than it should be.
  case subjectMismatch
  /// A message exceeds ``Message/maximumLength``, or a record does not fit a frame.
  case messageTooLong
  /// A message could be read and is not handed on.
  case notTaken(MessageRefusal)
  /// The server cannot serve anybody now: come again later, with the same key. Nobody vouches for that word.
  case tryLater
  /// The server, which has proved to be it, opens no session with the key that was shown. Where there is another key, it may be tried.
  case refused(SessionRefusal)
  /// A message in the open, which the server could read or have made, where only sealed ones are taken.
  case notSealed
  /// The message counter's 48 bits are used up: rotate the key.
  case countersExhausted
  /// A channel to an application cannot do what it should.
  case channel(ChannelError)

  /// Why the server's answer to a first frame opened no session.
  init(answer error: SchemesError) {
    if case .refused(let reason) = error { self = .refused(reason) } else { self = .schemes(error) }
  }
}

extension DeviceError {
  /// A record that does not decode.
  public init(record error: WireError) {
    switch error {
    case .unexpectedKind(let type): self = .unexpectedRecord(type)
    case .unknownVersion: self = .credentials(.malformed(error))
    case .wrongLength, .reservedFlags, .invalidValue: self = .malformedRecord
    }
  }
}
