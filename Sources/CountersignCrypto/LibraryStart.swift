// SPDX-License-Identifier: Apache-2.0

#if !hasFeature(Embedded)
  import CSodium

  // libsodium works without sodium_init, but then with its portable code only: ChaCha20-Poly1305 is four times slower than with
  // the processor's vector instructions. The dynamic loader calls this before main, so that nobody has to remember to.
  #if canImport(Darwin)
    @section("__DATA,__mod_init_func")
    @used
    private let startLibrary: @convention(c) () -> Void = { _ = sodium_init() }
  #else
    @section(".init_array")
    @used
    private let startLibrary: @convention(c) () -> Void = { _ = sodium_init() }
  #endif
#endif
