// SPDX-License-Identifier: Apache-2.0

/// Why a recipient does not hand a message to its application although it could read it. The sender is told.
public enum MessageRefusal: UInt8, Equatable, Sendable {
  /// The number is so far below others of its sender that nobody can tell whether the message is new.
  case tooOld = 1
  /// The number is of a generation that the sender's certificate does not have.
  case impossibleNumber = 2
}
