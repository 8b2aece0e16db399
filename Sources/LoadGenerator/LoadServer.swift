// SPDX-License-Identifier: Apache-2.0

import DeviceHost
import Foundation
import Processes

/// `countersign serve` as a child process.
final class LoadServer {
  private let process: ChildProcess
  let port: Int

  /// - Parameter core: the only one that the server may run on, by util-linux's taskset.
  init(directory: String, core: Int?, limits: [String]) throws(LoadError) {
    let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path
    let words =
      (core.map { ["taskset", "-c", "\($0)"] } ?? []) + [
        program, "serve", "--dir", directory, "--listen", "127.0.0.1:0", "--output", "json", "--log-level", "warning",
      ] + limits
    do { process = try ChildProcess(words[0], Array(words.dropFirst()), output: .pipe) } catch {
      throw .server("cannot be started: \(error)")
    }
    struct Ready: Decodable { let listening: String }
    guard let ready = try? JSONDecoder().decode(Ready.self, from: Data((process.output?.line() ?? "").utf8)),
      let endpoint = try? Endpoint(parsing: ready.listening)
    else { throw .server("did not start") }
    port = Int(endpoint.port)
  }

  /// Asks the server to stop and returns its exit status.
  @discardableResult
  func stop() -> Int32 {
    process.stop()
  }

  /// Time that the server's threads have spent on a processor, kernel included.
  var processorSeconds: Double {
    let tasks = "/proc/\(process.identifier)/task"
    let threads = (try? FileManager.default.contentsOfDirectory(atPath: tasks)) ?? []
    return threads.reduce(0) { sum, thread in
      let text = (try? String(contentsOfFile: "\(tasks)/\(thread)/schedstat", encoding: .utf8)) ?? ""
      return sum + (text.split(separator: " ").first.flatMap { Double($0) } ?? 0) / 1e9
    }
  }

  var residentBytes: Int { status("VmRSS") }
  var peakBytes: Int { status("VmHWM") }

  private func status(_ field: String) -> Int {
    let text = (try? String(contentsOfFile: "/proc/\(process.identifier)/status", encoding: .utf8)) ?? ""
    guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix(field + ":") }) else { return 0 }
    return (line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 1024
  }
}
