// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation

/// One directory, one server. Commands that only read or write the registry do not take this lock.
public final class ServerLock: Sendable {
  public static let fileName = "server.lock"
  private let lock: FileLock

  /// Takes the lock of an authority's directory.
  ///
  /// - Throws: ``RegistryError/directoryInUse(path:holder:)``, ``RegistryError/file(_:)``.
  public init(directory: String) throws(RegistryError) {
    let path = directory + "/" + Self.fileName
    do { lock = try FileLock(path) } catch {
      guard error.reason == .inUse else { throw .file(error) }
      throw .directoryInUse(path: directory, holder: Self.holder(of: directory) ?? "another process")
    }
    lock.sign("process \(getpid())\n")
  }

  /// Who holds the lock of a directory now; nil when nobody does.
  public static func holder(of directory: String) -> String? {
    FileLock.holder(of: directory + "/" + fileName).map {
      $0.hasPrefix("process ") ? $0.trimmingCharacters(in: .whitespacesAndNewlines) : "another process"
    }
  }
}
