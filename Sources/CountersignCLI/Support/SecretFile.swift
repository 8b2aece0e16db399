import Foundation
import Primitives

/// Files that hold a secret: readable by their owner only, never overwritten, wiped from this process's buffers.
enum SecretFile {
  /// Creates `path` with mode 0600 and the bytes as hexadecimal digits and a newline.
  static func create(_ path: String, hexadecimal bytes: RawSpan) throws(Failure) {
    var text = [UInt8]()
    text.reserveCapacity(2 * bytes.byteCount + 1)
    bytes.withUnsafeBytes { bytes in
      for byte in bytes { text.append(contentsOf: hexadecimalDigits(byte)) }
    }
    text.append(UInt8(ascii: "\n"))
    defer {
      var span = text.mutableBytes
      wipe(&span)
    }
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw Failure(
        .cannotCreate, "cannot create \(path): \(String(cString: strerror(errno)))",
        hint: errno == EEXIST ? "An existing key is never overwritten: choose another name." : nil)
    }
    defer { close(descriptor) }
    guard write(descriptor, text, text.count) == text.count, fsync(descriptor) == 0 else {
      throw Failure(.ioError, "cannot write \(path): \(String(cString: strerror(errno)))")
    }
  }
}
