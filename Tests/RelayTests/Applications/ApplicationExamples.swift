// SPDX-License-Identifier: Apache-2.0

import DeviceHost
import Foundation
import RelayServer
import Synchronization
import Testing
import Wire

/// The examples of docs/how-to/write-an-application.md, and whether they are what the page shows.
@Suite("The how-to about applications", .serialized)
struct ApplicationExamples {
  /// What the examples do with what they get.
  private final class Log: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }
    func write(_ line: String) { lines.withLock { $0.append(line) } }
  }

  @Test("Its examples report, ask and answer")
  func examples() async throws {
    let bench = try await ApplicationFleet(TestFleet())
    let server = bench.endpoint
    let pumpFile = try bench.device(1)
    let backendFile = bench.application
    let log = Log()
    func save(_ text: String) { log.write(text) }
    func carryOut(_ command: String) -> String { "\(command): done" }

    // begin: device
    let pump = try await AsyncDeviceClient.open(pumpFile, server: server)
    let delivery = try await pump.report(Array("21.5 degrees".utf8))
    print("The server has \(delivery.id) on its disk.")
    // end: device

    // begin: reports
    let backend = try await ApplicationClient.open(backendFile, server: server)
    let reading = Task {
      for try await report in backend.reports {
        save("\(report.device) \(report.id): \(String(decoding: report.body, as: UTF8.self))")
        report.done()
      }
    }
    // end: reports

    // begin: answers
    let answering = Task {
      for try await request in pump.requests {
        let result = carryOut(String(decoding: request.body, as: UTF8.self))
        _ = try await request.reply(Array(result.utf8))
      }
    }
    // end: answers

    // begin: requests
    let answer = try await backend.request(Array("open the valve".utf8), of: pump.address.device, timeout: .seconds(30))
    print(String(decoding: answer, as: UTF8.self))
    // end: requests

    #expect(String(decoding: answer, as: UTF8.self) == "open the valve: done")
    #expect(await eventually { !log.all.isEmpty })
    #expect(log.all.map { $0.split(separator: ": ").last.map(String.init) } == ["21.5 degrees"])

    // begin: closing
    pump.close()
    backend.close()
    _ = await answering.result
    _ = await reading.result
    // end: closing
    await bench.server.shutDown()
  }

  @Test("Every example of the page is one of these")
  func page() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let text = try String(contentsOf: root.appending(path: "docs/how-to/write-an-application.md"), encoding: .utf8)
    let source = try String(contentsOf: URL(fileURLWithPath: #filePath), encoding: .utf8)
    var examples: [[String]] = []
    var isInside = false
    for line in source.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("    // begin: ") {
        examples.append([])
        isInside = true
      } else if line.hasPrefix("    // end: ") {
        isInside = false
      } else if isInside {
        examples[examples.count - 1].append(String(line.dropFirst(4)))
      }
    }
    #expect(examples.count == 5)
    for example in examples {
      #expect(text.contains("```swift\n" + example.joined(separator: "\n") + "\n```"), "\(example.first ?? "")")
    }
    #expect(text.components(separatedBy: "```swift").count == examples.count + 1)
  }
}
