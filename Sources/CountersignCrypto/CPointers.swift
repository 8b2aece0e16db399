// SPDX-License-Identifier: Apache-2.0

/// A non-null address for an empty buffer: C forbids null even where it reads and writes nothing.
@inline(__always)
private var nowhere: UnsafeMutablePointer<UInt8> { UnsafeMutablePointer(bitPattern: 1).unsafelyUnwrapped }

extension UnsafeRawBufferPointer {
  /// The start, as the `const unsigned char *` that libsodium expects.
  var u8: UnsafePointer<UInt8> { baseAddress?.assumingMemoryBound(to: UInt8.self) ?? UnsafePointer(nowhere) }
}

extension UnsafeMutableRawBufferPointer {
  /// The start, as the `unsigned char *` that libsodium expects.
  var u8: UnsafeMutablePointer<UInt8> { baseAddress?.assumingMemoryBound(to: UInt8.self) ?? nowhere }
}
