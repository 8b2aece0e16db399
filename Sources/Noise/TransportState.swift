// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto

/// Both directions of a finished handshake. The halves are independent values and may go to different threads.
public struct TransportState<C: Cipher.Function>: ~Copyable, Sendable {
  public var sending = CipherState<C>()
  public var receiving = CipherState<C>()

  public init() {}

  /// Takes the halves apart.
  public consuming func halves(
    _ body: (consuming CipherState<C>, consuming CipherState<C>) -> Void
  ) {
    body(sending, receiving)
  }
}
