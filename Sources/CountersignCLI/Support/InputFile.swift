// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Registry
import SystemPackage

/// Opens a file that a person named, for reading. Opening never waits.
///
/// A pipe that the shell has made (`/dev/fd/63`, `/dev/stdin`) is read as it comes. A pipe in a directory is refused: whoever put
/// it there could make this process wait for ever.
///
/// - Parameter ownedBySelf: whether the file must be this user's or root's, because it holds a secret.
/// - Returns: a descriptor that the caller closes.
func openInput(_ path: String, ownedBySelf: Bool = false) throws(FileError) -> Int32 {
  let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
  guard descriptor >= 0 else {
    throw FileError(.open, path, errno == ENXIO ? .notAFile : .system(Errno(rawValue: errno)))
  }
  do throws(FileError) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FileError(.open, path, .system(Errno(rawValue: errno))) }
    switch status.st_mode & S_IFMT {
    case S_IFREG:
      guard !ownedBySelf || status.st_uid == 0 || status.st_uid == geteuid() else {
        throw FileError(.open, path, .foreignOwner(status.st_uid))
      }
    case S_IFDIR: throw FileError(.open, path, .system(.isDirectory))
    default:
      guard path.hasPrefix("/dev/") || path.hasPrefix("/proc/") else {
        throw FileError(.open, path, .notAFile)
      }
      // What comes through it may take its time.
      _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) & ~O_NONBLOCK)
    }
  } catch {
    close(descriptor)
    throw error
  }
  return descriptor
}

extension Failure {
  /// A file or directory that could not be used.
  init(_ error: FileError) {
    switch error.reason {
    case .system(.readOnlyFileSystem):
      self.init(
        .noPermission, "\(error.path) is on a file system that is mounted read-only",
        hint:
          "Even reading the registry writes its log. Mount it for writing, or copy the directory where you can write.")
    case .system(let code):
      let status: Status =
        switch code {
        case .noSuchFileOrDirectory: .noInput
        case .permissionDenied, .notPermitted: .noPermission
        case .fileExists: .cannotCreate
        default: .ioError
        }
      self.init(status, error.message, hint: error.remedy)
    case .notAFile: self.init(.noInput, error.message, hint: error.remedy)
    case .inUse: self.init(.temporary, error.message, hint: error.remedy)
    case .shortened: self.init(.ioError, error.message, hint: error.remedy)
    default: self.init(.noPermission, error.message, hint: error.remedy)
    }
  }
}
