// SPDX-License-Identifier: Apache-2.0

import Mailbox
import Registry
import Relay

extension Failure {
  /// - Parameter option: the one that named the address.
  init(_ error: RelayError, option: String = "--listen") {
    switch error {
    case .invalidEndpoint(let text):
      self.init(.usage, "\"\(text)\" is not an address", hint: "Write HOST:PORT, for example 127.0.0.1:7700.")
    case .addressInUse(let endpoint):
      self.init(
        .unavailable, "something else listens on \(endpoint)",
        hint: "Stop it, or give another port with \(option); port 0 lets the system choose.")
    case .cannotListen(let endpoint, let reason):
      self.init(.noHost, "cannot listen on \(endpoint): \(reason)", hint: "Give an address of this machine.")
    case .registry(let error): self.init(error)
    case .mailbox(let error): self.init(error)
    }
  }

  init(_ error: MailboxError) {
    switch error {
    case .file(let error): self.init(error)
    case .newer(let path):
      self.init(.configuration, "\(path) was written by a later version of this program", hint: "Use that version.")
    case .corrupted(let path):
      self.init(
        .dataError, "\(path) is not a mailbox, or it is damaged",
        hint: "Move it away: the server makes a new one. Messages that waited are lost.")
    case .readOnly(let path):
      self.init(.noPermission, "cannot write \(path)", hint: "The server must be able to write its directory.")
    case .unreadable(let path): self.init(.ioError, "cannot read \(path)")
    case .diskFull(let path): self.init(.ioError, "the disk is full: \(path)", hint: "Make room and start again.")
    case .sqlite(let code, let message):
      self.init(.ioError, "the mailbox failed: \(message) (SQLite \(code))", hint: Self.fileSizeLimit)
    }
  }
}
