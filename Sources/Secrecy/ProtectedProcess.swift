import CSecrecy

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A process that holds keys leaves no picture of its memory behind.
public enum ProtectedProcess {
  /// No core file, whatever the system does with those (on Linux a program that takes them in gets nothing either), and on Linux no other
  /// process of the same user may look into this one's memory. Call it before the first key is read.
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
