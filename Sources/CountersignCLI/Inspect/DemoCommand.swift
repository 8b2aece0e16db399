// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Demo
import DeviceHost
import Files
import Foundation
import Mailbox

struct DemoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Demonstrate all of it: a fleet from the assembly line to a revoked device.",
    discussion: """
      Makes an authority, two systems and four devices in a temporary directory (or in --dir), starts a real server, and sends \
      real messages over loopback while somebody records everything. Then a device is taken apart. Exits 0 only if what must \
      work worked and what must fail failed. With --dir the files are kept for inspection.

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
    let isSilent = output.isJSON
    let story = try telling { try DemoStory(directory) { if !isSilent { printLine($0) } } }
    defer {
      story.stop()
      if dir == nil { try? FileManager.default.removeItem(at: directory) }
    }
    let report = try telling { try story.tell() }
    if output.isJSON { try printJSON(report) }
    guard report.ok else {
      if dir != nil, !isSilent { printLine("What the processes printed is in \(directory.path)/logs.") }
      throw ExitCode(Failure.Status.software.rawValue)
    }
  }

  private func telling<R>(_ body: () throws -> R) throws -> R {
    do { return try body() } catch let error as DeviceHostError {
      throw Failure(error)
    } catch let error as MailboxError {
      throw Failure(error)
    } catch let error as FileError {
      throw Failure(error)
    }
  }
}
