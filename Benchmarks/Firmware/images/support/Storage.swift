// SPDX-License-Identifier: Apache-2.0

import CFirmware
import CountersignCrypto

/// The storage page. Its first 16 bytes seed the images' generator; the rest is what the image's product would store.
enum Storage {
  /// `count` bytes that begin at `offset` of the product's part.
  @_lifetime(immortal)
  static func bytes(_ offset: Int, _ count: Int) -> RawSpan {
    let start = UnsafeRawPointer(hook_storage()) + 16 + offset
    return _overrideLifetime(RawSpan(_unsafeStart: start, byteCount: count), borrowing: ())
  }

  /// Where a field stands.
  struct Field {
    let offset: Int
    let count: Int

    var bytes: RawSpan {
      @_lifetime(immortal)
      get { Storage.bytes(offset, count) }
    }
  }

  /// A public field of fixed length.
  static func read<let count: Int>(_ offset: Int) -> Bytes<count> {
    var value = Bytes<count>()
    var target = value.mutableBytes
    copyBytes(bytes(offset, count), to: &target)
    return value
  }
}
