import ArgumentParser
import Credentials
import Device
import DeviceHost
import Foundation

struct Demo: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Show all of it: a fleet from the assembly line to a revoked device.",
    discussion: """
      Makes an authority, two systems and four devices in a temporary directory (or in --dir), starts a real server, and sends \
      real messages over loopback while somebody records everything. Then a device is taken apart. Ends with status 0 only when \
      what must work worked and what must fail failed. With --dir the files are kept, to look at afterwards.

      Examples:
        countersign demo
        countersign demo --output json
        countersign demo --dir /tmp/fleet
      """)

  @Option(name: .long, help: "A new directory for the demo's files; they are kept.")
  var dir: String?

  @OptionGroup var output: OutputOptions

  func run() throws {
    let directory =
      dir.map { URL(fileURLWithPath: $0) }
      ?? FileManager.default.temporaryDirectory.appendingPathComponent(
        "countersign-demo-\(UUID().uuidString.prefix(8))")
    if FileManager.default.fileExists(atPath: directory.path) {
      throw Failure(.cannotCreate, "\(directory.path) exists", hint: "Give a directory that does not exist yet.")
    }
    let story = try DemoStory(directory, isSilent: output.isJSON)
    defer {
      story.fleet.stop()
      if dir == nil { try? FileManager.default.removeItem(at: directory) }
    }
    let report = try story.tell()
    if output.isJSON { try printJSON(report) }
    guard report.ok else {
      if dir != nil { story.say("What the processes printed is in \(directory.path)/logs.") }
      throw ExitCode(Failure.Status.software.rawValue)
    }
  }
}
