// SPDX-License-Identifier: Apache-2.0

import Relay
import Strangers

/// The lower end of a connection, which carries frames between one device and its ``SessionDriver``: a TCP connection
/// (``StreamLink``), or datagrams (``DatagramLink``). Used on its event loop only.
protocol FrameLink: AnyObject {
  var source: SourceAddress { get }

  /// The next whole frame that has arrived.
  ///
  /// - Throws: ``CloseReason/frameTooLong``, and ``CloseReason/violation`` for what is no frame.
  func nextFrame(limit: Int) throws(CloseReason) -> [UInt8]?

  /// Sends a frame of the handshake, after which the session may have its keys.
  func answer(_ frame: [UInt8], of session: RelaySession)

  /// Sends a sealed record in its frame, which begins with its length.
  func write(_ frame: [UInt8])

  /// Sends a frame, without its length, at once: the connection ends.
  func writeLast(_ frame: [UInt8])

  /// Calls `body` when what was written so far has left, or cannot any more.
  func whenWritten(_ body: @escaping @Sendable () -> Void)

  /// Whether what was sent so far leaves without piling up.
  var isWritable: Bool { get }
  /// Bytes that wait to leave.
  var backlog: Int { get }

  /// The driver listens to the device again.
  func resume()

  /// Reads nothing more from the device.
  func stopReading()

  /// Ends the connection; ``SessionDriver/linkEnded()`` follows.
  ///
  /// - Parameter afterWriting: whether what was promised leaves first.
  func close(afterWriting: Bool)
}
