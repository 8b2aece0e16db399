import Device
import Noise

/// Waits for other devices on a TCP port of this device's own.
public final class DirectListener {
  private let listener: FrameListener

  public init(on endpoint: Endpoint) throws(DeviceHostError) {
    listener = try FrameListener(on: endpoint)
  }

  /// The port that is bound.
  public var port: UInt16 { listener.port }

  /// Waits for a device and runs the handshake with it; nil when none comes in time.
  ///
  /// - Throws: why a device that came was refused; the listener goes on.
  public func accept(
    _ store: DeviceStore, waiting: Duration, timeout: Duration = .seconds(10)
  ) throws(DeviceHostError) -> DirectConnection? {
    guard let socket = try listener.accept(waiting: waiting) else { return nil }
    let connection = DirectConnection(socket, store, .responder)
    // Another process may have taken a revocation meanwhile.
    try store.refresh()
    try connection.handshake(timeout: timeout)
    return connection
  }
}
