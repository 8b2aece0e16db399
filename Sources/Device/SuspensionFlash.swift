// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto

/// Where a device keeps its suspended session: ``SuspendedSession/areaLength`` bytes beside its identity, which begin as zeros.
public protocol SuspensionFlash: ~Copyable {
  /// Writes 64 bytes at a multiple of 64, and returns once they survive a power cut. A write that the power cuts may leave anything
  /// in these 64 bytes, and nothing elsewhere.
  ///
  /// - Throws: ``SuspensionError/notStored``.
  mutating func write(_ record: RawSpan, at offset: Int) throws(SuspensionError)
}

/// Why a suspended session does not serve.
public enum SuspensionError: Error, Equatable, Sendable {
  /// There is none, or the server has not answered the last attempt to suspend one: open a session and suspend it.
  case notSuspended
  /// Its wake-ups are used up, or too many in a row were not answered: open a session and suspend it anew.
  case mustRenew
  /// Too many wake-ups were not answered: repeat the last one, as it was, until it is.
  case mustRepeat
  /// The frame is no answer to the last wake-up.
  case notAnAnswer
  /// The caller's buffer cannot hold the frame.
  case bufferTooSmall(needed: Int)
  /// The place where the session is kept could not be written.
  case notStored
}
