// SPDX-License-Identifier: Apache-2.0

import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The directories that hold files.
public enum Directories {
  /// The directory that holds a file. Foundation's own way traps on a name of one letter.
  public static func name(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// Makes a directory for its owner only, if there is none yet.
  ///
  /// - Throws: ``FileError`` with ``FileError/Operation/create``.
  public static func create(_ path: String) throws(FileError) {
    guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw FileError(.create, path) }
  }

  /// Brings the entries of a file's directory to the disk, if its file system supports that.
  ///
  /// - Throws: ``FileError`` with ``FileError/Operation/write``.
  public static func synchronize(of path: String) throws(FileError) {
    let directory = name(of: path)
    try FileError.naming(.write, directory) {
      let descriptor = try FileDescriptor.open(directory, .readOnly, options: [.directory, .closeOnExec])
      try descriptor.closeAfter {
        do { try descriptor.synchronize() } catch Errno.invalidArgument {}
      }
    }
  }
}

extension FileDescriptor {
  /// Waits until everything written is on the disk.
  public func synchronize() throws {
    while fsync(rawValue) != 0 {
      guard errno == EINTR else { throw Errno(rawValue: errno) }
    }
  }
}
