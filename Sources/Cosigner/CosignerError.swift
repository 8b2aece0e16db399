// SPDX-License-Identifier: Apache-2.0

import Files
import ThresholdSigning

/// Why a co-signer cannot work.
public enum CosignerError: Error, Equatable, Sendable {
  case file(FileError)
  /// A record of the log that had been acknowledged is damaged: take the log from a copy.
  case damagedLog(record: UInt64)
  /// The log is of another group's key, or no log.
  case foreignLog
  /// Records that do not continue this log, or do not lead to the head that was asked for.
  case foreignRecords
  /// Writing the log has failed before: start again, so that it is read.
  case stopped
  /// What the owner asks for makes no sense: an empty range, a number that is taken, a time in the past.
  case invalidRequest
  case threshold(ThresholdError)
}
