import Driver

#if canImport(Glibc)
  import Glibc
#endif

// Fuzz TARGET [libFuzzer's options]: see Tests/Fuzz/run.

guard CommandLine.argc > 1, let target = targets[CommandLine.arguments[1]] else {
  for name in targets.keys.sorted() { print(name) }
  exit(CommandLine.argc > 1 ? 64 : 0)
}
nonisolated(unsafe) let chosen = target

// libFuzzer reads the program's name and its own options only.
let arguments = CommandLine.unsafeArgv
arguments[1] = arguments[0]
exit(
  driver_run(CommandLine.argc - 1, arguments + 1) { data, size in
    chosen(RawSpan(_unsafeBytes: UnsafeRawBufferPointer(start: data, count: size)))
    return 0
  })
