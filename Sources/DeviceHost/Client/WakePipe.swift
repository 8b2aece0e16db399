// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Wakes a thread that waits for its socket.
final class WakePipe: Sendable {
  private let reader: Int32
  private let writer: Int32

  init() throws(DeviceHostError) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw .cannotAccept(reason: lastError()) }
    for end in ends {
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
    }
    reader = ends[0]
    writer = ends[1]
  }

  deinit {
    close(reader)
    close(writer)
  }

  /// Wakes the thread, now or at its next wait. A full pipe wakes it too.
  func wake() {
    var byte: UInt8 = 0
    _ = write(writer, &byte, 1)
  }

  /// Waits until ``wake()``, or until the transport has something to read, or until the time is over.
  func wait(or transport: AnyObject?, until deadline: ContinuousClock.Instant) {
    var requests = [pollfd(fd: reader, events: Int16(POLLIN), revents: 0)]
    var deadline = deadline
    if let stream = transport as? FrameSocket {
      requests.append(pollfd(fd: stream.socket.descriptor, events: Int16(POLLIN), revents: 0))
    } else if transport != nil {
      // A transport that cannot be waited for beside the pipe is looked at fifty times a second.
      deadline = min(deadline, .now + .milliseconds(20))
    }
    let left = max(.zero, deadline - .now).components
    let milliseconds = Int32(
      clamping: left.seconds * 1000 + (left.attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    guard poll(&requests, nfds_t(requests.count), milliseconds) > 0, requests[0].revents != 0 else { return }
    var chunk = [UInt8](repeating: 0, count: 256)
    while chunk.withUnsafeMutableBytes({ read(reader, $0.baseAddress, $0.count) }) > 0 {}
  }
}
