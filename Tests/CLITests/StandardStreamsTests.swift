// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import CountersignCLI

/// Standard input, output and errors as a shell can hand them on: a directory, closed, full, without an end.
@Suite struct StandardStreamsTests {
  private func run(_ arguments: [String], _ redirection: String) throws -> CommandLineTool.Result {
    var tool = CommandLineTool()
    tool.wrapper = ["sh", "-c", "exec \"$0\" \"$@\" \(redirection)"]
    return try tool.run(arguments)
  }

  @Test(arguments: [["inspect", "-"], ["compare", "--budget", "-"]], ["< /", "<&-"])
  func inputThatCannotBeRead(arguments: [String], redirection: String) throws {
    let result = try run(arguments, redirection)
    #expect(result.status == 66 && result.error.contains("cannot read"), "\(result.status): \(result.error)")
  }

  @Test func inputWithoutAnEnd() throws {
    let result = try run(["inspect", "-"], "< /dev/zero")
    #expect(result.status == 65 && result.error.contains("more than"), "\(result.status): \(result.error)")
  }

  @Test(arguments: [
    ["compare", "--list"], ["matrix", "--list"], ["noise", "explain", "Noise_IK_25519_ChaChaPoly_SHA256"],
  ])
  func outputThatCannotBeWritten(arguments: [String]) throws {
    let result = try run(arguments, "> /dev/full")
    #expect(result.status == 74 && result.error.contains("cannot write to standard output"), "\(result)")
  }

  @Test("What is printed where standard output is closed is an error, and goes into no file that is opened meanwhile")
  func outputThatIsClosed() throws {
    let temporary = TemporaryDirectory()
    let dir = temporary.path + "/fleet"
    let initialized = try run(["init", "--dir", dir, "--unsealed"], ">&-")
    #expect(initialized.status == 74, "\(initialized)")
    for file in try FileManager.default.contentsOfDirectory(atPath: dir) {
      let content = try Data(contentsOf: URL(fileURLWithPath: dir + "/" + file))
      #expect(content.range(of: Data("issuer key".utf8)) == nil, "\(file)")
    }
  }

  @Test("A pipe that does not wait gets all of it")
  func outputThatDoesNotWait() throws {
    var ends: [Int32] = [0, 0]
    try #require(pipe(&ends) == 0)
    _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
    let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0) }
    let writing = ends[1]
    let done = DispatchSemaphore(value: 0)
    // A thread of its own: other tests keep those of the dispatch queues busy with waiting.
    Thread.detachNewThread {
      _ = writeAll(bytes, to: writing)
      close(writing)
      done.signal()
    }
    let read = FileHandle(fileDescriptor: ends[0], closeOnDealloc: true).readDataToEndOfFile()
    done.wait()
    #expect([UInt8](read) == bytes)
  }

  @Test("Input from a pipe that does not wait is waited for")
  func inputThatDoesNotWait() throws {
    var ends: [Int32] = [0, 0]
    try #require(pipe(&ends) == 0)
    defer { for end in ends { close(end) } }
    _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
    let writing = ends[1]
    Thread.detachNewThread {
      usleep(50_000)
      _ = writeAll(Array("words".utf8), to: writing)
    }
    var buffer = [UInt8](repeating: 0, count: 64)
    #expect(buffer.withUnsafeMutableBytes { readSome(ends[0], into: $0) } == 5)
    #expect(buffer.withUnsafeMutableBytes { readSome(-1, into: $0) } == -1)
  }

  @Test("A limit to the length of files is an error that names it, and not the end")
  func filesThatMayNotGrow() throws {
    let temporary = TemporaryDirectory()
    var tool = CommandLineTool()
    tool.wrapper = ["prlimit", "--fsize=8192"]
    let result = try tool.run(["init", "--dir", temporary.path + "/fleet", "--unsealed"])
    #expect(result.status == 74 && result.error.contains("ulimit -f"), "\(result)")
  }

  @Test func errorsThatCannotBeWritten() throws {
    #expect(try run(["inspect", "/nowhere"], "2> /dev/full").status == 66)
  }
}
