// SPDX-License-Identifier: Apache-2.0

#if IdentityEncryption
  import Builtin
  import CBlst
  import CountersignCrypto

  /// Room for one of blst's values, which blst writes and reads in place. Like ``SecretBytes`` it has an address and is never copied.
  /// Whoever made it calls ``wipe()`` before it ends, secret or not: that also keeps it alive for as long as blst has its pointer.
  @_rawLayout(like: T)
  struct Place<T>: ~Copyable, @unchecked Sendable {
    /// All bytes zero.
    init() {
      raw.initializeMemory(as: UInt8.self, repeating: 0, count: MemoryLayout<T>.size)
    }

    private var raw: UnsafeMutableRawPointer {
      @_transparent get { UnsafeMutableRawPointer(Builtin.addressOfRawLayout(self)) }
    }

    /// Valid until this value ends.
    var pointer: UnsafeMutablePointer<T> {
      @_transparent get { raw.assumingMemoryBound(to: T.self) }
    }

    func wipe() {
      var bytes = MutableRawSpan(_unsafeStart: raw, byteCount: MemoryLayout<T>.size)
      CountersignCrypto.wipe(&bytes)
    }

    deinit { wipe() }
  }

  extension UnsafeRawBufferPointer {
    var u8: UnsafePointer<UInt8> { baseAddress!.assumingMemoryBound(to: UInt8.self) }
  }

  extension UnsafeMutableRawBufferPointer {
    var u8: UnsafeMutablePointer<UInt8> { baseAddress!.assumingMemoryBound(to: UInt8.self) }
  }
#endif
