// SPDX-License-Identifier: Apache-2.0

import DeviceHost
import Files
import Foundation
import SystemPackage

extension Failure {
  /// A file operation that the system refused, with what can be done about the reason.
  init(deviceFile error: FileError) {
    switch error.reason {
    case .system(.permissionDenied), .system(.notPermitted):
      self.init(
        .noPermission, error.message,
        hint: "A device file and its directory must be yours to write: its lock and its next state are made beside it.")
    case .system(.readOnlyFileSystem):
      self.init(
        .noPermission, error.message,
        hint: "The file system is mounted read-only; a device file changes. Move it to where you can write.")
    case .system(.noSuchFileOrDirectory):
      self.init(.noInput, error.message, hint: "Is the name right? Make one: countersign device add")
    case .system(.fileExists):
      self.init(.cannotCreate, error.message, hint: "A device file is never overwritten: choose another name.")
    case .system where error.operation == .open: self.init(.noInput, error.message)
    case .inUse where !error.path.hasSuffix(".inbox.lock"):
      self.init(
        .temporary, "another process holds \(error.path)",
        hint: "A device file is locked during a change. To find the process: fuser \(error.path)")
    case .inUse:
      self.init(
        .temporary, "another process receives as this device: \(error.path.removingSuffix(".inbox.lock"))",
        hint: "A device listens in one place at a time: stop the other one, or wait for it.")
    default: self.init(error)
    }
  }

  /// An address that could not be connected to; one that does not exist is distinguished from one where nothing listens.
  init(unreachable endpoint: String, reason: String) {
    if resolverReasons.contains(reason) {
      self.init(.noHost, "cannot resolve \(endpoint): \(reason)", hint: "Is the name right, and is the network up?")
    } else {
      self.init(
        .unavailable, "nothing answers at \(endpoint): \(reason)", hint: "Is the server running, and on this port?")
    }
  }

  /// An address of this machine that could not be listened on.
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

/// All that `getaddrinfo` has to say.
private let resolverReasons = Set(
  [EAI_AGAIN, EAI_BADFLAGS, EAI_FAIL, EAI_FAMILY, EAI_MEMORY, EAI_NONAME, EAI_SERVICE, EAI_SOCKTYPE, EAI_SYSTEM]
    .map { String(cString: gai_strerror($0)) })

extension String {
  fileprivate func removingSuffix(_ suffix: String) -> String {
    hasSuffix(suffix) ? String(dropLast(suffix.count)) : self
  }
}
