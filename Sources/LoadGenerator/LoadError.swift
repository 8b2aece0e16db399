// SPDX-License-Identifier: Apache-2.0

/// Why the server could not be measured.
package enum LoadError: Error, Equatable, Sendable {
  /// No temporary directory could be made.
  case noDirectory
  /// What is wrong with the server's process.
  case server(String)
  /// Something did not arrive for twenty seconds: what, and what has arrived.
  case missing(String, counted: String)
  /// The attack ended before its time, and why.
  case attackEnded(String)
}
