// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Standard input, output and error, as the starter of this process left them.
enum StandardStreams {
  /// Gives closed streams a descriptor that fails as a closed one does. Otherwise the next file opened would take the number, and
  /// output would be written into it.
  ///
  /// Errors that nobody can read are not worth ending for.
  static func secure() {
    for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
      guard open("/dev/null", descriptor == STDOUT_FILENO ? O_RDONLY : O_WRONLY) == descriptor else {
        Foundation.exit(Failure.Status.ioError.rawValue)
      }
    }
    // A file that may not grow further is a write error, not a reason to die in the middle.
    signal(SIGXFSZ, SIG_IGN)
  }
}

/// Waits until the reader of the pipe at `descriptor` has taken everything in it, or `patience` has passed: some read only when
/// the writing process has ended. Returns at once if it is not a pipe.
///
/// - Returns: false when nobody reads it any more, and what is in it is lost.
func waitForReader(of descriptor: Int32, patience: Duration = .seconds(2)) -> Bool {
  var status = stat()
  guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFIFO else { return true }
  func isEmpty() -> Bool {
    var unread: Int32 = 0
    return ioctl(descriptor, UInt(FIONREAD), &unread) != 0 || unread == 0
  }
  let deadline = ContinuousClock.now + patience
  var pause: Int32 = 1
  while !isEmpty(), .now < deadline {
    var request = pollfd(fd: descriptor, events: 0, revents: 0)
    // Whoever has gone may have read it before.
    if poll(&request, 1, pause) > 0 { return isEmpty() }
    pause = min(2 * pause, 64)
  }
  return true
}

/// Reads what there is, as `read` does, and waits for it at a pipe that does not wait by itself too.
func readSome(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer) -> Int {
  while true {
    let count = Foundation.read(descriptor, buffer.baseAddress, buffer.count)
    if count >= 0 { return count }
    if errno == EAGAIN || errno == EWOULDBLOCK {
      var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      poll(&request, 1, -1)
    } else if errno != EINTR {
      return count
    }
  }
}

/// Writes all of it, to a pipe that does not wait too; false, with the reason in `errno`, where that cannot be.
func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
  var done = 0
  while done < bytes.count {
    let count = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress! + done, $0.count - done) }
    if count > 0 {
      done += count
    } else if count == 0 {
      errno = ENOSPC
      return false
    } else if errno == EAGAIN || errno == EWOULDBLOCK {
      var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
      poll(&request, 1, -1)
    } else if errno != EINTR {
      return false
    }
  }
  return true
}
