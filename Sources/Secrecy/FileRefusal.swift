#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Why a file of ours was not opened.
public struct FileRefusal: Error, Equatable, Sendable {
  public enum Reason: Equatable, Sendable {
    /// The system's error number.
    case system(Int32)
    /// The name is a symbolic link: whoever made it chose the file.
    case symbolicLink
    /// A pipe, a device, a socket: reading would wait, or never end.
    case notAFile
    /// Somebody else owns it, who could change it at any time: the user's number.
    case foreignOwner(UInt32)
    /// Others may write to this directory, so that they could put another file in its place: the mode.
    case writableDirectory(UInt16)
    /// Somebody else owns this directory: the user's number.
    case foreignDirectory(UInt32)
  }

  /// The file or, where it is the directory that is wrong, the directory.
  public let path: String
  public let reason: Reason

  public init(path: String, reason: Reason) {
    self.path = path
    self.reason = reason
  }

  /// What is wrong, in a line.
  public var message: String {
    switch reason {
    case .system(let code): "\(path): \(String(cString: strerror(code)))"
    case .symbolicLink: "\(path) is a symbolic link"
    case .notAFile: "\(path) is not a regular file"
    case .foreignOwner(let user): "\(path) belongs to another user (number \(user))"
    case .writableDirectory(let mode): "others may write to the directory \(path) (mode 0\(String(mode, radix: 8)))"
    case .foreignDirectory(let user): "the directory \(path) belongs to another user (number \(user))"
    }
  }

  /// What to do about it; nil where the system's reason says all there is.
  public var remedy: String? {
    switch reason {
    case .system: nil
    case .symbolicLink: "Nobody but Countersign makes this file: find out who made the link, and remove it."
    case .notAFile: "Give a file, or remove what lies there."
    case .foreignOwner: "Work as that user; or, when the file is yours, take it: chown \(geteuid()) \(path)"
    case .writableDirectory: "They could exchange what lies in it. Run: chmod go-w \(path)"
    case .foreignDirectory:
      "That user could exchange what lies in it. Work as that user, or: chown \(geteuid()) \(path)"
    }
  }
}
