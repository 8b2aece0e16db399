import Foundation

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
    process.waitUntilExit()
    return Result(status: process.status, output: process.output, error: process.error)
  }

  /// Starts a command that goes on by itself.
  static func start(_ arguments: [String], in directory: URL) throws -> Child {
    try Child(arguments, in: directory)
  }

  /// A running command. What it prints is kept in files, so that it never waits for its reader.
  final class Child {
    private let process = Process()
    private let outputFile: URL
    private let errorFile: URL

    fileprivate init(_ arguments: [String], in directory: URL) throws {
      let name = "\(UUID().uuidString.prefix(8))-\(arguments.prefix(2).joined(separator: "-"))"
      let logs = directory.appendingPathComponent("logs")
      try FileManager.default.createDirectory(at: logs, withIntermediateDirectories: true)
      outputFile = logs.appendingPathComponent("\(name).out")
      errorFile = logs.appendingPathComponent("\(name).err")
      for file in [outputFile, errorFile] { _ = FileManager.default.createFile(atPath: file.path, contents: nil) }
      process.executableURL = DemoProcess.executable
      process.arguments = arguments
      process.currentDirectoryURL = directory
      // What the person at the terminal has set for other authorities must not reach this one.
      process.environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("COUNTERSIGN_") }
      process.standardInput = FileHandle.nullDevice
      process.standardOutput = try FileHandle(forWritingTo: outputFile)
      process.standardError = try FileHandle(forWritingTo: errorFile)
      try process.run()
    }

    deinit {
      if process.isRunning { process.terminate() }
    }

    var isRunning: Bool { process.isRunning }
    var status: Int32 { process.terminationStatus }
    var output: String { (try? String(contentsOf: outputFile, encoding: .utf8)) ?? "" }
    var error: String { (try? String(contentsOf: errorFile, encoding: .utf8)) ?? "" }

    func waitUntilExit() { process.waitUntilExit() }

    func stop() {
      if process.isRunning { process.terminate() }
      process.waitUntilExit()
    }

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
