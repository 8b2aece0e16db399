import Primitives

/// Both directions of a finished handshake. The halves are independent values and may go to different threads.
public struct TransportState<Cipher: AEAD>: ~Copyable, Sendable {
  public var sending = CipherState<Cipher>()
  public var receiving = CipherState<Cipher>()

  public init() {}

  /// Takes the halves apart.
  public consuming func halves(
    _ body: (consuming CipherState<Cipher>, consuming CipherState<Cipher>) -> Void
  ) {
    body(sending, receiving)
  }
}
