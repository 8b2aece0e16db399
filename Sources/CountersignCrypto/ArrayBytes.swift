// SPDX-License-Identifier: Apache-2.0

#if !hasFeature(Embedded)
  /// Arrays as spans, for host code and tests. Device modules have no arrays.
  extension [UInt8] {
    /// The elements as raw bytes.
    @inlinable
    public var bytes: RawSpan {
      @_lifetime(borrow self)
      borrowing get { span.bytes }
    }

    /// The elements as raw bytes, for writing.
    @inlinable
    public var mutableBytes: MutableRawSpan {
      @_lifetime(&self)
      mutating get { mutableSpan.intoBytes() }
    }

    /// A copy of the bytes of a span.
    @inlinable
    public init(copying span: RawSpan) {
      self = span.withUnsafeBytes { [UInt8]($0) }
    }
  }

  /// Overwrites an array that held a secret.
  @inline(never)
  public func wipe(_ bytes: inout [UInt8]) {
    var span = bytes.mutableBytes
    wipe(&span)
  }

  extension Bytes {
    /// The bytes of `source`, which must be exactly `count` long.
    public init(copying source: [UInt8]) throws(CryptoError) {
      self = try Self(copying: source.bytes)
    }
  }

  extension SecretBytes {
    /// The bytes of `source`, which must be exactly `count` long. The array is not changed: the caller must wipe it.
    public init(copying source: [UInt8]) throws(CryptoError) {
      try self.init(copying: source.bytes)
    }
  }

  extension X25519.PrivateKey {
    /// The key with these 32 private bytes. The array is not changed: the caller must wipe it.
    public init(copying source: [UInt8]) throws(CryptoError) {
      try self.init(copying: source.bytes)
    }
  }
#endif
