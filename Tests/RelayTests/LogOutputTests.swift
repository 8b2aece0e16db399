// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Relay
@testable import RelayServer

@Suite("Lines of the log")
struct LogOutputTests {
  @Test("Nobody waits for a reader that stands still: lines are dropped, and their number is told when it goes on")
  func stuckReader() throws {
    var ends: [Int32] = [0, 0]
    #expect(pipe(&ends) == 0)
    let output = LogOutput(ends[1], capacity: 10_000) { "\($0) lost\n" }
    let line = String(repeating: "x", count: 99) + "\n"
    // Far more than the pipe and the queue hold; nobody reads meanwhile.
    let count = 10_000
    for _ in 0..<count { output.write(line) }
    #expect(output.droppedLines > 0)
    let reader = ends[0]
    let text = Locked("")
    let done = DispatchSemaphore(value: 0)
    Thread.detachNewThread {
      var chunk = [UInt8](repeating: 0, count: 4096)
      while case let length = read(reader, &chunk, chunk.count), length > 0 {
        text.value += String(decoding: chunk[..<length], as: UTF8.self)
      }
      done.signal()
    }
    output.flush(patience: .seconds(120))
    output.write("after\n")
    output.flush(patience: .seconds(120))
    close(ends[1])
    done.wait()
    close(ends[0])
    let lines = text.value.split(separator: "\n")
    let kept = lines.count { $0.count == 99 }
    // There may be several gaps, as many as there were pauses of the writer.
    let lost = lines.compactMap { $0.hasSuffix(" lost") ? Int($0.dropLast(5)) : nil }
    #expect(!lost.isEmpty && lost.reduce(0, +) == output.droppedLines && kept + output.droppedLines == count)
    #expect(lines.count == kept + lost.count + 1 && lines.last == "after")
  }

  @Test("Lines go out on a descriptor that somebody has made non-blocking")
  func nonBlocking() throws {
    var ends: [Int32] = [0, 0]
    #expect(pipe(&ends) == 0)
    _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
    let output = LogOutput(ends[1]) { "\($0) lost\n" }
    let line = String(repeating: "y", count: 999) + "\n"
    for _ in 0..<500 { output.write(line) }
    var received = 0
    var chunk = [UInt8](repeating: 0, count: 4096)
    while received < 500_000 {
      let length = read(ends[0], &chunk, chunk.count)
      try #require(length > 0)
      received += length
    }
    output.flush(patience: .seconds(120))
    #expect(received == 500_000 && output.droppedLines == 0)
    for end in ends { close(end) }
  }
}
