import Foundation
import Registry
import Secrecy

/// Opens a file that a person named, for reading. Opening never waits.
///
/// A pipe that the shell has made (`/dev/fd/63`, `/dev/stdin`) is read as it comes. One that lies in a directory is refused: whoever put it
/// there could let this process wait for ever.
///
/// - Parameter ownedBySelf: whether the file must be this user's or root's, because it holds a secret.
/// - Returns: a descriptor that the caller closes.
func openInput(_ path: String, ownedBySelf: Bool = false) throws(FileRefusal) -> Int32 {
  let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
  guard descriptor >= 0 else {
    throw FileRefusal(path: path, reason: errno == ENXIO ? .notAFile : .system(errno))
  }
  do throws(FileRefusal) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FileRefusal(path: path, reason: .system(errno)) }
    switch status.st_mode & S_IFMT {
    case S_IFREG:
      guard !ownedBySelf || status.st_uid == 0 || status.st_uid == geteuid() else {
        throw FileRefusal(path: path, reason: .foreignOwner(status.st_uid))
      }
    case S_IFDIR: throw FileRefusal(path: path, reason: .system(EISDIR))
    default:
      guard path.hasPrefix("/dev/") || path.hasPrefix("/proc/") else {
        throw FileRefusal(path: path, reason: .notAFile)
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
  /// A file that was not opened, or that somebody else could exchange.
  init(_ refusal: FileRefusal) {
    switch refusal.reason {
    case .system(let code): self.init(RegistryError.file(path: refusal.path, errno: code))
    case .notAFile: self.init(.noInput, refusal.message, hint: refusal.remedy)
    default: self.init(.noPermission, refusal.message, hint: refusal.remedy)
    }
  }
}
