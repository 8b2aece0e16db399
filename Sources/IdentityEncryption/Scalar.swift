// SPDX-License-Identifier: Apache-2.0

#if IdentityEncryption
  import CBlst
  import CountersignCrypto

  /// A number modulo the order of the group, secret.
  typealias Scalar = Place<blst_scalar>

  extension Place where T == blst_scalar {
    /// Length of an encoded number, in bytes, big-endian.
    static var encodedLength: Int { 32 }
    /// The bits of the group's order.
    static var bitCount: Int { 255 }

    /// The number that 32 bytes are.
    ///
    /// - Throws: ``IBEError/invalidScalar`` for another length, for 0, and for what is not below the order.
    func load(_ bytes: RawSpan) throws(IBEError) {
      guard bytes.byteCount == Self.encodedLength else { throw .invalidScalar }
      bytes.withUnsafeBytes { blst_scalar_from_bendian(pointer, $0.u8) }
      guard blst_sk_check(pointer) else {
        wipe()
        throw .invalidScalar
      }
    }

    /// Writes the 32 bytes of the number.
    func encode(into bytes: inout MutableRawSpan) {
      precondition(bytes.byteCount >= Self.encodedLength)
      bytes.withUnsafeMutableBytes { blst_bendian_from_scalar($0.u8, pointer) }
    }

    /// The remainder of a number of 64 bytes, big-endian. False when it is 0.
    func reduce(_ wide: RawSpan) -> Bool {
      precondition(wide.byteCount == 64)
      return wide.withUnsafeBytes { blst_scalar_from_be_bytes(pointer, $0.u8, 64) }
    }

    func set(_ value: UInt8) {
      wipe()
      pointer.pointee.b.0 = value
    }

    func add(_ other: borrowing Scalar) { _ = blst_sk_add_n_check(pointer, pointer, other.pointer) }

    func multiply(by other: borrowing Scalar) { _ = blst_sk_mul_n_check(pointer, pointer, other.pointer) }

    /// The difference of two small numbers.
    func set(_ a: UInt8, minus b: UInt8) {
      let subtrahend = Scalar()
      defer { subtrahend.wipe() }
      subtrahend.set(b)
      set(a)
      _ = blst_sk_sub_n_check(pointer, pointer, subtrahend.pointer)
    }

    func invert() { blst_sk_inverse(pointer, pointer) }
  }
#endif
