// SPDX-License-Identifier: Apache-2.0

import AllocationCounter
import AtLoad
import CSodium
import Foundation
import Synchronization
import Testing

/// The seed from which everything follows that a run of the tests draws: keys, nonces, garbage, order.
///
/// It is new in each run and printed; COUNTERSIGN_TEST_SEED repeats a run. Each test draws from a stream of its own, which follows
/// from the seed and the test's name, so that a test which failed draws the same when it runs alone. Threads that a test starts
/// belong to no test: they share one more stream, and which of them draws first is the machine's affair. So is what other
/// processes draw: the program itself has no way to be given a seed.
public enum TestSeed {
  public static let value: UInt64 = {
    let given = ProcessInfo.processInfo.environment["COUNTERSIGN_TEST_SEED"]
    if let given, UInt64(given) == nil { fatalError("COUNTERSIGN_TEST_SEED takes a number below 2^64") }
    let value = given.flatMap { UInt64($0) } ?? .random(in: 0 ... .max)
    FileHandle.standardError.write(Data("COUNTERSIGN_TEST_SEED=\(value) repeats what this run draws\n".utf8))
    return value
  }()

  private static let streams = Mutex<[Owner: SeededGenerator]>([:])

  /// Whose stream it is: a test's, or one of its cases'.
  private struct Owner: Hashable {
    let test: Test.ID?
    let arguments: String

    static var current: Owner {
      guard let test = Test.current else { return Owner(test: nil, arguments: "") }
      // A case has no other name than how it describes itself.
      return Owner(test: test.id, arguments: test.isParameterized ? "\(Test.Case.current as Any)" : "")
    }

    /// Without the place in the file, which changes when something above it does.
    var name: String {
      guard let test else { return "threads" }
      return "\(test.moduleName) \(test.nameComponents) \(arguments)"
    }
  }

  /// libsodium's generator.
  fileprivate static func draw(into buffer: UnsafeMutableRawBufferPointer) {
    // What happens here is not the test's.
    let wasCounting = allocation_counter_pause()
    defer { allocation_counter_resume(wasCounting) }
    let owner = Owner.current
    nonisolated(unsafe) let buffer = buffer
    streams.withLock { streams in streams[owner, default: SeededGenerator(for: owner.name)].fill(buffer) }
  }
}

nonisolated(unsafe) private var generator = randombytes_implementation(
  implementation_name: nil,
  random: {
    var word: UInt32 = 0
    withUnsafeMutableBytes(of: &word) { TestSeed.draw(into: $0) }
    return word
  },
  stir: nil, uniform: nil,
  buf: { TestSeed.draw(into: UnsafeMutableRawBufferPointer(start: $0, count: $1)) }, close: nil)

/// Takes the place of libsodium's generator in every process that the tests are linked into.
@_cdecl("countersign_seed_tests")
func seedTests() {
  randombytes_set_implementation(&generator)
}
