import Registry

/// Why the server could not start, or cannot go on.
public enum RelayError: Error, Equatable, Sendable {
  /// Text that is no HOST:PORT.
  case invalidEndpoint(String)
  /// Something else listens there.
  case addressInUse(String)
  /// The address could not be listened on: the system's reason.
  case cannotListen(String, reason: String)
  case registry(RegistryError)
  /// The mailbox was written by a later version of this program.
  case newerMailbox(path: String)
  /// The file is not a mailbox, or its pages do not hold together.
  case corruptedMailbox(path: String)
  case readOnlyMailbox(path: String)
  /// The disk is full.
  case mailboxFull(path: String)
  /// Anything else that SQLite reports: its extended result code and message.
  case mailbox(code: Int32, String)
}
