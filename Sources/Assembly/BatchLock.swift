import Foundation
import Registry

/// One directory, one batch. The system releases the lock when the process ends, however it ends.
struct BatchLock {
  private let path: String
  private let descriptor: Int32

  init(directory: String) throws(AssemblyError) {
    path = directory + "/.batch-lock"
    do { descriptor = try SecretFileIO.open(path, O_RDWR | O_CREAT) } catch { throw AssemblyError(error) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let reason = errno
      close(descriptor)
      throw reason == EWOULDBLOCK ? .directoryInUse(path: directory) : .file(path: path, errno: reason)
    }
  }

  func release() {
    // A process that this one is just starting has a copy of the descriptor for a moment, which closing would leave locked.
    flock(descriptor, LOCK_UN)
    close(descriptor)
  }
}
