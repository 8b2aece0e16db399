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
#endif
