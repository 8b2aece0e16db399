// SPDX-License-Identifier: Apache-2.0

import CSecrecy
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Memory that never reaches swap or a core file: the pages that hold long-term keys.
///
/// Whole pages are locked, and may hold other things too. Each is locked once, however many keys it holds.
public enum LockedMemory {
  private struct State {
    /// How many holders each page has.
    var holders: [UInt: Int] = [:]
    var failure: Int32?

    mutating func count(_ page: UInt, by step: Int) -> Int {
      let count = holders[page, default: 0] + step
      holders[page] = count == 0 ? nil : count
      return count
    }
  }

  private static let state = Mutex(State())

  /// Why some page could not be locked: the system's error number, or nil if all could. The cause is almost always the limit
  /// `RLIMIT_MEMLOCK`: ENOMEM, or EPERM where it is 0.
  public static var failure: Int32? { state.withLock { $0.failure } }

  fileprivate static func hold(_ pages: Range<UInt>) {
    state.withLock { state in
      for page in pages where state.count(page, by: 1) == 1 {
        guard let start = UnsafeMutableRawPointer(bitPattern: page * pageSize) else { continue }
        if mlock(start, Int(pageSize)) != 0 { state.failure = state.failure ?? errno }
        _ = countersign_leave_out_of_dumps(start, Int(pageSize), 1)
      }
    }
  }

  fileprivate static func release(_ pages: Range<UInt>) {
    state.withLock { state in
      for page in pages where state.count(page, by: -1) == 0 {
        guard let start = UnsafeMutableRawPointer(bitPattern: page * pageSize) else { continue }
        munlock(start, Int(pageSize))
        _ = countersign_leave_out_of_dumps(start, Int(pageSize), 0)
      }
    }
  }

  fileprivate static let pageSize = UInt(sysconf(Int32(_SC_PAGESIZE)))
}

/// Keeps the pages of one object locked for as long as it lives. Make it the object's last stored property: stored properties are
/// destroyed in order, so that those before it are wiped while their pages are still locked.
public struct PageLock: ~Copyable, Sendable {
  private var pages: Range<UInt> = 0..<0

  /// Locks nothing yet.
  public init() {}

  /// Locks the memory of `owner`, which holds this lock. Keys in other objects need a lock there.
  public mutating func hold(_ owner: AnyObject) {
    guard pages.isEmpty else { return }
    let memory = Unmanaged.passUnretained(owner).toOpaque()
    let first = UInt(bitPattern: memory)
    let end = first + UInt(countersign_allocated_size(memory))
    pages = first / LockedMemory.pageSize..<(end + LockedMemory.pageSize - 1) / LockedMemory.pageSize
    LockedMemory.hold(pages)
  }

  deinit {
    if !pages.isEmpty { LockedMemory.release(pages) }
  }
}
