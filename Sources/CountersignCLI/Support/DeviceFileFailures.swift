import DeviceHost
import Foundation

extension Failure {
  /// A file operation that the system refused, told by what can be done about the system's reason.
  init(_ operation: String, of path: String, reason: String) {
    let message = "cannot \(operation) \(path): \(reason)"
    switch reason {
    case text(EACCES), text(EPERM):
      self.init(
        .noPermission, message,
        hint: "A device file and its directory must be yours to write: its lock and its next state are made beside it.")
    case text(EROFS):
      self.init(
        .noPermission, message,
        hint: "The file system is mounted read-only; a device file changes. Move it to where you can write.")
    case text(ENOENT): self.init(.noInput, message, hint: "Is the name right? Make one: countersign device add")
    case text(ENOSPC), text(EDQUOT): self.init(.ioError, message, hint: "Make room, then run the command again.")
    case "another process receives as this device":
      self.init(
        .temporary, "\(reason): \(path.removingSuffix(".inbox"))",
        hint: "A device listens in one place at a time: stop the other one, or wait for it.")
    default: self.init(operation == "open" ? .noInput : .ioError, message)
    }
  }

  /// An address that could not be connected to: one that does not exist is told apart from one where nothing listens.
  init(unreachable endpoint: String, reason: String) {
    if resolverReasons.contains(reason) {
      self.init(.noHost, "cannot resolve \(endpoint): \(reason)", hint: "Is the name right, and the network there?")
    } else {
      self.init(
        .unavailable, "nothing answers at \(endpoint): \(reason)", hint: "Is the server running, and on this port?")
    }
  }

  /// An address of this machine's own that could not be listened on.
  init(listening endpoint: Endpoint, reason: String) {
    if resolverReasons.contains(reason) {
      self.init(.noHost, "cannot resolve \(endpoint.host): \(reason)", hint: "Give an address of this machine.")
    } else {
      self.init(
        .unavailable, "cannot listen on \(endpoint): \(reason)",
        hint: "Give an address of this machine and a free port; port 0 lets the system choose.")
    }
  }
}

private func text(_ code: Int32) -> String { String(cString: strerror(code)) }

/// All that `getaddrinfo` has to say.
private let resolverReasons = Set(
  [EAI_AGAIN, EAI_BADFLAGS, EAI_FAIL, EAI_FAMILY, EAI_MEMORY, EAI_NONAME, EAI_SERVICE, EAI_SOCKTYPE, EAI_SYSTEM]
    .map { String(cString: gai_strerror($0)) })

extension String {
  fileprivate func removingSuffix(_ suffix: String) -> String {
    hasSuffix(suffix) ? String(dropLast(suffix.count)) : self
  }
}
