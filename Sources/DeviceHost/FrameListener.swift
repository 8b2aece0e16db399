// SPDX-License-Identifier: Apache-2.0

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
    let deadline = ContinuousClock.now + waiting
    while socket.waitToRead(timeout: deadline - .now) {
      do throws(Socket.AcceptError) { return FrameSocket(try socket.accept().0) } catch {
        switch error {
        case .none: continue
        case .shortage(let reason), .failed(let reason): throw .connectionLost(reason: reason)
        }
      }
    }
    return nil
  }
}
