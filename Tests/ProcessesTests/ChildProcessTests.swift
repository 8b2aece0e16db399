// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc
import Processes
import Testing

@Suite("Child processes")
struct ChildProcessTests {
  @Test func whatItPrintsAndItsStatus() throws {
    let child = try ChildProcess(
      "sh", ["-c", "cat; echo \"$WORD\"; pwd; echo wrong >&2; exit 3"],
      environment: ["PATH": "/usr/bin:/bin", "WORD": "here"], directory: "/", input: Array("in\n".utf8), output: .pipe,
      errors: .pipe)
    #expect(String(decoding: child.output!.rest(), as: UTF8.self) == "in\nhere\n/\n")
    #expect(child.errors!.line() == "wrong\n")
    #expect(child.wait() == 3)
    #expect(child.wait() == 3 && !child.isRunning)
  }

  @Test func whatCannotRun() {
    #expect(throws: SpawnError.self) { try ChildProcess("/nowhere/program") }
    #expect(throws: SpawnError.self) { try ChildProcess("true", directory: "/nowhere") }
    #expect(throws: SpawnError.self) { try ChildProcess("true", output: .file("/nowhere/file")) }
    #expect(throws: SpawnError.self) { try ChildProcess("cat", input: [UInt8](repeating: 0, count: 65537)) }
  }

  /// Threads of the dispatch library block signals; a child of theirs must be open to them all the same.
  @Test func endsOnRequestWhateverItsStarterBlocks() async throws {
    let status = try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global().async {
        var all = sigset_t()
        var before = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_BLOCK, &all, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        continuation.resume(with: Result { try ChildProcess("sleep", ["600"]).stop() })
      }
    }
    #expect(status == -SIGTERM)
  }

  @Test func inheritsNoDescriptor() throws {
    let open = Glibc.open("/dev/null", O_RDONLY)
    defer { close(open) }
    let child = try ChildProcess("ls", ["/proc/self/fd"], output: .pipe)
    // The fourth is the directory that ls reads.
    #expect(String(decoding: child.output!.rest(), as: UTF8.self) == "0\n1\n2\n3\n")
  }

  @Test func isKilledWithItsLastReference() throws {
    let identifier = try ChildProcess("sleep", ["600"]).identifier
    #expect(kill(identifier, 0) == -1 && errno == ESRCH)
  }
}
