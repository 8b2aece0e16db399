// SPDX-License-Identifier: Apache-2.0

import CSodium

/// Makes libsodium's generator repeat itself from a seed on, so that a whole run does. For measuring only.
enum Repeatable {
  nonisolated(unsafe) private static var seed = InlineArray<4, UInt64>(repeating: 0)
  nonisolated(unsafe) private static var implementation = randombytes_implementation(
    implementation_name: nil, random: nil, stir: nil, uniform: nil, buf: { Repeatable.fill($0, $1) }, close: nil)

  /// - Parameter number: not 0, where ``always(_:)`` draws.
  static func start(seed number: UInt64) {
    seed[0] = number
    randombytes_set_implementation(&implementation)
  }

  nonisolated(unsafe) private static var constant = InlineArray<4, UInt64>(repeating: 0)

  /// Draws that are the same in every run, whatever its seed. For what is public to an image, such as its peer's certificate: the
  /// cost of checking that depends on it, and the runs that are compared are to differ in secrets alone.
  static func always<R>(_ body: () throws -> R) rethrows -> R {
    swap(&seed, &constant)
    defer { swap(&seed, &constant) }
    return try body()
  }

  /// Each call draws from a stream of its own: the second word counts them.
  private static func fill(_ target: UnsafeMutableRawPointer?, _ count: Int) {
    seed[1] += 1
    seed.span.withUnsafeBytes { seed in
      guard let target, let start = seed.bindMemory(to: UInt8.self).baseAddress else { return }
      randombytes_buf_deterministic(target, count, start)
    }
  }
}
