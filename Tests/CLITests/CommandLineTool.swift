// SPDX-License-Identifier: Apache-2.0

import Foundation
import Processes
import Testing

/// The built `countersign`, run as a person or a script runs it.
struct CommandLineTool {
  struct Result {
    let status: Int32
    let output: String
    let error: String

    /// The output as one JSON object.
    var json: [String: Any] {
      (try? JSONSerialization.jsonObject(with: Data(output.utf8))) as? [String: Any] ?? [:]
    }
  }

  var environment: [String: String] = [:]
  /// What the command is run under, for example `setpriv` and its options.
  var wrapper: [String] = []

  /// Beside the test bundle, which is what this process runs.
  static let path: String = {
    let bundle = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    return bundle.deletingLastPathComponent().appendingPathComponent("countersign").path
  }()

  /// The program as a user without privileges, for the superuser may do everything; nil where that user may not even run it,
  /// because the build lies in a directory that is the superuser's alone.
  static let unprivileged: CommandLineTool? = {
    var tool = CommandLineTool()
    guard getuid() == 0 else { return tool }
    tool.wrapper = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
    let temporary = TemporaryDirectory()
    guard chmod(temporary.path, 0o755) == 0 else { return nil }
    let probe = try? tool.run(["inspect", temporary.path + "/nothing"])
    return probe?.status == 66 ? tool : nil
  }()

  func start(_ arguments: [String], input: String = "") throws -> Running {
    let settings = [
      "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin",
      "SWIFT_BACKTRACE": "enable=no",
    ].merging(environment) { $1 }
    let words = wrapper + [Self.path] + arguments
    return Running(
      process: try ChildProcess(
        words[0], Array(words.dropFirst()), environment: settings, input: Array(input.utf8), output: .pipe,
        errors: .pipe))
  }

  func run(_ arguments: [String], input: String = "") throws -> Result {
    try start(arguments, input: input).wait()
  }

  /// A port that nobody listens at just now.
  static func freePort() throws -> UInt16 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let status = withUnsafeMutableBytes(of: &address) { bytes in
      let pointer = bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self)
      return bind(descriptor, pointer, length) == 0 ? getsockname(descriptor, pointer, &length) : -1
    }
    try #require(status == 0)
    return UInt16(bigEndian: address.sin_port)
  }

  struct Running {
    let process: ChildProcess

    var output: PipeReader { process.output! }
    var error: PipeReader { process.errors! }

    /// Takes what it prints as it comes: a listener holds each message back for a while until somebody does.
    func reading() -> PrintedLines { PrintedLines(output) }

    /// Ends it where how it ends is not the question.
    func kill() {
      process.send(SIGKILL)
      process.wait()
    }

    func wait() -> Result {
      // What a command prints here is far less than a pipe holds, so that reading one after the other cannot block.
      let output = output.rest()
      let error = error.rest()
      return Result(
        status: process.wait(), output: String(decoding: output, as: UTF8.self),
        error: String(decoding: error, as: UTF8.self))
    }
  }
}

/// The lines that a process prints, read by a thread of their own.
final class PrintedLines: @unchecked Sendable {
  private let lock = NSCondition()
  private var lines: [String] = []
  private var isOver = false

  init(_ output: PipeReader) {
    Thread.detachNewThread { [self] in
      while case let text = output.line(), !text.isEmpty {
        lock.withLock { lines += text.split(separator: "\n").map(String.init) }
        lock.broadcast()
      }
      lock.withLock { isOver = true }
      lock.broadcast()
    }
  }

  /// The next line, without its end; nil when there are no more.
  func next() -> String? {
    lock.withLock {
      while lines.isEmpty && !isOver { lock.wait() }
      return lines.isEmpty ? nil : lines.removeFirst()
    }
  }
}

/// A directory that is gone when the test is.
final class TemporaryDirectory: Sendable {
  let path: String

  init() {
    var template = Array((NSTemporaryDirectory() + "/countersign-cli-XXXXXX").utf8CString)
    path = String(cString: mkdtemp(&template)!)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
