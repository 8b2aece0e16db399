import Foundation

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
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = wrapper + [Self.path] + arguments
    process.environment = [
      "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin",
      "SWIFT_BACKTRACE": "enable=no",
    ].merging(environment) { $1 }
    let running = Running(process: process)
    process.standardInput = running.input
    process.standardOutput = running.output
    process.standardError = running.error
    // Before it runs, and far less than a pipe holds: a command that ends without reading cannot break the pipe.
    try running.input.fileHandleForWriting.write(contentsOf: Data(input.utf8))
    try running.input.fileHandleForWriting.close()
    try process.run()
    return running
  }

  func run(_ arguments: [String], input: String = "") throws -> Result {
    try start(arguments, input: input).wait()
  }

  struct Running {
    let process: Process
    let input = Pipe()
    let output = Pipe()
    let error = Pipe()

    /// Ends it where how it ends is not the question. By SIGKILL: the threads of the dispatch library, on which tests run, block
    /// every other signal, and a child inherits that.
    func kill() {
      if process.isRunning { _ = Foundation.kill(process.processIdentifier, SIGKILL) }
      process.waitUntilExit()
    }

    func wait() -> Result {
      // What a command prints here is far less than a pipe holds, so that reading one after the other cannot block.
      let output = output.fileHandleForReading.readDataToEndOfFile()
      let error = error.fileHandleForReading.readDataToEndOfFile()
      process.waitUntilExit()
      let status = process.terminationReason == .uncaughtSignal ? -process.terminationStatus : process.terminationStatus
      return Result(
        status: status, output: String(decoding: output, as: UTF8.self), error: String(decoding: error, as: UTF8.self))
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
