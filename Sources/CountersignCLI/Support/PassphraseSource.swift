// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import CountersignCrypto
import Keyring
import Registry

/// Gets a passphrase from a file, a descriptor or a person, and leaves no copy behind.
enum PassphraseSource {
  static func read(file path: String) throws(Failure) -> Passphrase {
    if path == "-" { return try read(descriptor: STDIN_FILENO, name: "standard input") }
    let descriptor: Int32
    do { descriptor = try openInput(path, ownedBySelf: true) } catch {
      guard let code = error.code else { throw Failure(error) }
      throw Failure(.noInput, "cannot open the passphrase file \(path): \(code)")
    }
    defer { close(descriptor) }
    var status = stat()
    // Some ways of handing out secrets, and some owners, leave no choice: it is still used.
    if fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_mode & 0o007 != 0 {
      printWarning(
        "everybody on this machine can read the passphrase in \(path) (mode 0\(String(status.st_mode & 0o777, radix: 8)))"
      )
    }
    return try read(descriptor: descriptor, name: path)
  }

  /// Everything up to the end, without the line end that editors leave.
  static func read(descriptor: Int32, name: String) throws(Failure) -> Passphrase {
    var buffer = [UInt8](repeating: 0, count: Passphrase.maximumLength + 2)
    defer { wipe(&buffer) }
    var count = 0
    while count < buffer.count {
      let result = buffer.withUnsafeMutableBytes { readSome(descriptor, into: .init(rebasing: $0[count...])) }
      guard result >= 0 else {
        throw Failure(.noInput, "cannot read the passphrase from \(name): \(String(cString: strerror(errno)))")
      }
      if result == 0 { break }
      count += result
    }
    while count > 0, buffer[count - 1] == UInt8(ascii: "\n") || buffer[count - 1] == UInt8(ascii: "\r") { count -= 1 }
    guard let passphrase = Passphrase(copying: buffer.bytes.extracting(0..<count)) else {
      throw Failure(
        .noInput, "no passphrase in \(name)", hint: "It takes 1 to \(Passphrase.maximumLength) bytes.")
    }
    return passphrase
  }

  /// Asks at the terminal, without echo.
  static func ask(isNew: Bool) throws(Failure) -> Passphrase {
    let first = try ask(isNew ? "New passphrase for the authority: " : "Passphrase of the authority: ")
    guard isNew else { return first }
    let second = try ask("Repeat it: ")
    guard constantTimeEquals(first.bytes, second.bytes) else {
      throw Failure(.dataError, "the two passphrases differ", hint: "Try again.")
    }
    return first
  }

  private static func ask(_ prompt: String) throws(Failure) -> Passphrase {
    var buffer = [CChar](repeating: 0, count: Passphrase.maximumLength + 2)
    defer { buffer.withUnsafeMutableBytes { memset_explicit($0) } }
    let descriptor = open("/dev/tty", O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw Failure(
        .usage, "the key file is sealed, and there is no terminal to ask for the passphrase",
        hint: "Give --passphrase-file FILE, --passphrase-fd N, or set COUNTERSIGN_PASSPHRASE_FILE.")
    }
    defer { close(descriptor) }
    var settings = termios()
    guard tcgetattr(descriptor, &settings) == 0 else {
      throw Failure(.noInput, "cannot switch the terminal's echo off: \(String(cString: strerror(errno)))")
    }
    EchoGuard.saved = settings
    // A person who gives up in the middle gets back a terminal that shows what is typed.
    let interrupted = signal(SIGINT) { _ in
      EchoGuard.restore()
      _exit(128 + SIGINT)
    }
    settings.c_lflag &= ~tcflag_t(ECHO)
    tcsetattr(descriptor, TCSAFLUSH, &settings)
    defer {
      EchoGuard.restore()
      signal(SIGINT, interrupted)
      Foundation.write(descriptor, "\n", 1)
    }
    _ = prompt.withCString { Foundation.write(descriptor, $0, strlen($0)) }
    let count = max(Foundation.read(descriptor, &buffer, buffer.count - 1), 0)
    var length = count
    while length > 0, buffer[length - 1] == 10 || buffer[length - 1] == 13 { length -= 1 }
    let passphrase = buffer.withUnsafeBytes {
      Passphrase(copying: RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: $0[..<length])))
    }
    guard let passphrase else { throw Failure(.noInput, "no passphrase was given") }
    return passphrase
  }

  private static func memset_explicit(_ buffer: UnsafeMutableRawBufferPointer) {
    var span = buffer.mutableBytes
    wipe(&span)
  }
}

/// The terminal's settings from before a passphrase was asked for, where a signal's handler finds them.
private enum EchoGuard {
  nonisolated(unsafe) static var saved = termios()

  /// Only functions that a handler may call (POSIX, async-signal-safe).
  static func restore() {
    let descriptor = open("/dev/tty", O_RDWR | O_CLOEXEC)
    tcsetattr(descriptor, TCSAFLUSH, &saved)
    close(descriptor)
  }
}
