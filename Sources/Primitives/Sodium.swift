import CSodium

#if !hasFeature(Embedded)
  /// libsodium looks at the processor in `sodium_init` and only then uses its vector code; AES-GCM exists only afterwards.
  private let isReady = sodium_init() >= 0

  /// Lets libsodium choose its code for this processor, once. On a device there is nothing to choose.
  @inline(__always)
  func prepareSodium() {
    precondition(isReady, "libsodium cannot start: no random generator")
  }
#else
  @inline(__always)
  func prepareSodium() {}
#endif
