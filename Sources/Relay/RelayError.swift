// SPDX-License-Identifier: Apache-2.0

import Mailbox
import Registry

/// Why the server could not start, or cannot continue.
public enum RelayError: Error, Equatable, Sendable {
  /// Text that is not HOST:PORT.
  case invalidEndpoint(String)
  /// Something else listens there.
  case addressInUse(String)
  /// The address could not be listened on: the system's reason.
  case cannotListen(String, reason: String)
  case registry(RegistryError)
  case mailbox(MailboxError)
}

/// Does something with the mailbox; what goes wrong is the server's error.
package func usingMailbox<R>(_ body: () throws(MailboxError) -> R) throws(RelayError) -> R {
  do { return try body() } catch { throw .mailbox(error) }
}
