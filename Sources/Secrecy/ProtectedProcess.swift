// SPDX-License-Identifier: Apache-2.0

import CSecrecy

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Keeps a process that holds keys from leaving a copy of its memory behind.
public enum ProtectedProcess {
  /// Disables core files, whatever the system does with them (on Linux a program that collects them gets nothing either), and on
  /// Linux keeps other processes of the same user from reading this one's memory. Call it before the first key is read.
  public static func begin() {
    // A hard limit too, so that nothing later in this process raises it.
    var none = rlimit(rlim_cur: 0, rlim_max: 0)
    #if canImport(Darwin)
      setrlimit(RLIMIT_CORE, &none)
    #else
      setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
    #endif
    _ = countersign_forbid_dumps()
  }
}
