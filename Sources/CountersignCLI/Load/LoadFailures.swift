// SPDX-License-Identifier: Apache-2.0

import LoadGenerator
import Registry

extension Failure {
  init(_ error: LoadError) {
    switch error {
    case .noDirectory: self.init(.cannotCreate, "cannot make a temporary directory")
    case .server(let reason): self.init(.unavailable, "the server \(reason)")
    case .missing(let what, let counted):
      self.init(
        .unavailable, "\(what) are missing: \(counted)", hint: "This is a fault in the server or on this machine.")
    case .attackEnded(let reason): self.init(.software, "the attack ended before its time: \(reason)")
    }
  }
}

/// Runs a measurement and turns what went wrong into words for the person at the terminal.
func measuring<R>(_ body: () async throws -> R) async throws -> R {
  do { return try await body() } catch { throw Failure(measuring: error) }
}

func measuring<R>(_ body: () throws -> R) throws -> R {
  do { return try body() } catch { throw Failure(measuring: error) }
}

extension Failure {
  fileprivate init(measuring error: any Error) {
    switch error {
    case let error as LoadError: self.init(error)
    case let error as RegistryError: self.init(error)
    default: self.init(.software, "\(error)")
    }
  }
}
