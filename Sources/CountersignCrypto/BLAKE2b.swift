// SPDX-License-Identifier: Apache-2.0

import CSodium

extension Hash {
  /// BLAKE2b with a 64-byte digest and no key (RFC 7693).
  public struct BLAKE2b: Hash.Function {
    public static var digestLength: Int { 64 }
    public static var blockLength: Int { 128 }
    public static var noiseName: StaticString { "BLAKE2b" }

    private var state = countersign_blake2b_state()

    public init() {
      countersign_blake2b_init(&state)
    }

    public mutating func update(_ data: RawSpan) {
      data.withUnsafeBytes { bytes in
        countersign_blake2b_update(&state, bytes.u8, bytes.count)
      }
    }

    public mutating func finalize(into digest: inout MutableRawSpan) {
      precondition(digest.byteCount >= Self.digestLength)
      digest.withUnsafeMutableBytes { countersign_blake2b_final(&state, $0.u8) }
    }
  }
}
