import CSodium

/// Makes libsodium's generator repeat itself from a seed on, so that a whole run does: the cost of checking a signature
/// depends on the signature. For measuring only.
enum Repeatable {
  nonisolated(unsafe) private static var seed = InlineArray<4, UInt64>(repeating: 0)
  nonisolated(unsafe) private static var implementation = randombytes_implementation(
    implementation_name: nil, random: nil, stir: nil, uniform: nil, buf: { Repeatable.fill($0, $1) }, close: nil)

  static func start(seed number: UInt64) {
    seed[0] = number
    randombytes_set_implementation(&implementation)
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
