// SPDX-License-Identifier: Apache-2.0

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

// Long-term keys must not depend on which input needs them first.
driver_repeat_random()
_ = (Keys.initiator.publicKey, Keys.responder.publicKey, Keys.psk.bytes.byteCount)

// libFuzzer reads the program's name and its own options only.
let arguments = CommandLine.unsafeArgv
arguments[1] = arguments[0]
exit(
  driver_run(CommandLine.argc - 1, arguments + 1) { data, size in
    driver_repeat_random()
    chosen(RawSpan(_unsafeBytes: UnsafeRawBufferPointer(start: data, count: size)))
    return 0
  })
