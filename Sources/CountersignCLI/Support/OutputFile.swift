// SPDX-License-Identifier: Apache-2.0

import Assembly
import Files
import Foundation
import Registry
import SystemPackage

/// A new file for what is not secret, or standard output for `-`.
///
/// It is created before the work whose result it takes: a path that cannot be written stops the work before it begins, not when
/// it is done and cannot be undone.
struct OutputFile: ~Copyable {
  private let path: String
  private let descriptor: Int32
  private var isWritten = false

  init(creating path: String) throws(Failure) {
    self.path = path
    descriptor = path == "-" ? STDOUT_FILENO : open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw Failure(creating: path, errno: errno) }
  }

  /// A file without its content is removed.
  deinit {
    guard descriptor >= 0, path != "-" else { return }
    close(descriptor)
    if !isWritten { unlink(path) }
  }

  mutating func write(_ bytes: [UInt8]) throws(Failure) {
    guard writeAll(bytes, to: descriptor) else { throw Failure(creating: path, errno: errno) }
    isWritten = true
  }
}

extension Failure {
  /// An output that cannot be made: the person chose its path, and should choose better.
  init(creating path: String, errno code: Int32) {
    let reason = String(cString: strerror(code))
    let path = path == "-" ? "standard output" : path
    switch code {
    case EEXIST:
      self.init(.cannotCreate, "\(path) exists", hint: "It is not overwritten: choose another name.")
    case ENOENT:
      self.init(
        .cannotCreate, "cannot create \(path): its directory does not exist", hint: "Make it, or choose another.")
    case EACCES, EPERM:
      self.init(.cannotCreate, "cannot create \(path): \(reason)", hint: "Choose a directory that you may write to.")
    case ENAMETOOLONG:
      self.init(
        .cannotCreate, "cannot create \(path): \(reason)",
        hint:
          "The names of the files beside it have up to \(SecretFile.roomBesideName) bytes more: choose a shorter name."
      )
    case EROFS, ENOTDIR, EISDIR:
      self.init(.cannotCreate, "cannot create \(path): \(reason)", hint: "Choose another path.")
    case ENOSPC, EDQUOT, EFBIG:
      self.init(.ioError, "cannot write \(path): \(reason)", hint: "Make room, then run the command again.")
    default:
      self.init(.ioError, "cannot write \(path): \(reason)")
    }
  }

  /// Whether a path is `output`, or lies in it.
  static func concerns(_ path: String, _ output: String) -> Bool {
    path == output || path.hasPrefix(output.hasSuffix("/") ? output : output + "/")
  }
}

/// Runs `body`, which writes `outputs`; reports an error with one of these as such.
func creating<R>(_ outputs: String..., body: () throws(AssemblyError) -> R) throws(Failure) -> R {
  do { return try body() } catch {
    switch error {
    case .file(let file), .registry(.file(let file)):
      guard let code = file.code, outputs.contains(where: { Failure.concerns(file.path, $0) }) else {
        throw Failure(error)
      }
      throw Failure(creating: file.path, errno: code.rawValue)
    default: throw Failure(error)
    }
  }
}
