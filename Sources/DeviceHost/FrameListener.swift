/// Accepts TCP connections that carry frames.
public final class FrameListener {
  private let socket: Socket

  public init(on endpoint: Endpoint) throws(DeviceHostError) {
    socket = try Socket.listen(on: endpoint)
  }

  /// The port that is bound; what the system chose when the endpoint's port was 0.
  public var port: UInt16 { socket.port }

  /// The next connection; nil when none comes in time.
  public func accept(waiting: Duration) throws(DeviceHostError) -> FrameSocket? {
    guard socket.waitToRead(timeout: waiting) else { return nil }
    return FrameSocket(try socket.accept())
  }
}
