// SPDX-License-Identifier: Apache-2.0

import Foundation
import Processes

/// Runs this same program as other processes, the way a user would.
struct DemoProcess {
  struct Result {
    let status: Int32
    let output: String
    let error: String

    var isSuccess: Bool { status == 0 }

    /// A field of the one JSON object that the command printed.
    func field<Value>(_ name: String, as type: Value.Type = Value.self) -> Value? {
      let object = try? JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any]
      return object?[name] as? Value
    }
  }

  /// The program's own file.
  static var executable: URL {
    URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
  }

  /// Runs a command to its end.
  static func run(_ arguments: [String], in directory: URL) throws -> Result {
    let process = try start(arguments, in: directory)
    return Result(status: process.waitUntilExit(), output: process.output, error: process.error)
  }

  /// Starts a command that keeps running.
  static func start(_ arguments: [String], in directory: URL) throws -> Child {
    try Child(arguments, in: directory)
  }

  /// A running command. What it prints is kept in files, so that it never waits for its reader.
  final class Child {
    private let process: ChildProcess
    private let outputFile: String
    private let errorFile: String

    fileprivate init(_ arguments: [String], in directory: URL) throws {
      let name = "\(UUID().uuidString.prefix(8))-\(arguments.prefix(2).joined(separator: "-"))"
      let logs = directory.appendingPathComponent("logs")
      try FileManager.default.createDirectory(at: logs, withIntermediateDirectories: true)
      outputFile = logs.appendingPathComponent("\(name).out").path
      errorFile = logs.appendingPathComponent("\(name).err").path
      process = try ChildProcess(
        DemoProcess.executable.path, arguments,
        // What the person at the terminal has set for other authorities must not reach this one.
        environment: ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("COUNTERSIGN_") },
        directory: directory.path, output: .file(outputFile), errors: .file(errorFile))
    }

    var isRunning: Bool { process.isRunning }
    var output: String { (try? String(contentsOfFile: outputFile, encoding: .utf8)) ?? "" }
    var error: String { (try? String(contentsOfFile: errorFile, encoding: .utf8)) ?? "" }

    @discardableResult
    func waitUntilExit() -> Int32 { process.wait() }

    func stop() { process.stop() }

    /// Waits until `condition` holds; false when it does not in time.
    func wait(_ seconds: Double = 5, until condition: (Child) -> Bool) -> Bool {
      let deadline = ContinuousClock.now + .milliseconds(Int(seconds * 1000))
      while !condition(self) {
        guard ContinuousClock.now < deadline else { return false }
        usleep(5_000)
      }
      return true
    }
  }
}
