// SPDX-License-Identifier: Apache-2.0

import DeviceHost
import Foundation

/// Stands between the devices and the server, passes everything on, and keeps a copy: what an eavesdropper has.
final class FrameRecorder: @unchecked Sendable {
  private let listener: FrameListener
  private let server: Endpoint
  private let lock = NSLock()
  private var recorded: [[UInt8]] = []
  private var isStopped = false

  init(server: Endpoint) throws {
    self.server = server
    listener = try FrameListener(on: Endpoint(host: "127.0.0.1", port: 0))
    Thread.detachNewThread { [weak self] in
      while let self, !self.stopped {
        guard let device = try? self.listener.accept(waiting: .milliseconds(200)) else { continue }
        guard let server = try? FrameSocket.connect(to: self.server, timeout: .seconds(2)) else { continue }
        self.pass(device, to: server)
        self.pass(server, to: device)
      }
    }
  }

  var endpoint: Endpoint { Endpoint(host: "127.0.0.1", port: listener.port) }

  /// Every frame that has passed, in both directions.
  var frames: [[UInt8]] { lock.withLock { recorded } }

  func stop() { lock.withLock { isStopped = true } }

  private var stopped: Bool { lock.withLock { isStopped } }

  /// Each socket is read by one thread and written by another, which share nothing of it.
  private func pass(_ from: FrameSocket, to: FrameSocket) {
    nonisolated(unsafe) let from = from
    nonisolated(unsafe) let to = to
    Thread.detachNewThread { [weak self] in
      while let self, !self.stopped {
        do throws(DeviceHostError) {
          guard let frame = try from.receive(timeout: .milliseconds(200)) else { continue }
          self.lock.withLock { self.recorded.append(frame) }
          try to.send(frame, count: frame.count)
        } catch {
          break
        }
      }
      from.shutDown()
      to.shutDown()
    }
  }
}
