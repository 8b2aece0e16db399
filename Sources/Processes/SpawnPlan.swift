// SPDX-License-Identifier: Apache-2.0

import CSpawn
@preconcurrency import Glibc

/// A program that could not be started.
public struct SpawnError: Error, CustomStringConvertible, Sendable {
  public let subject: String
  public let code: Int32

  public var description: String { "cannot run or open \(subject): \(String(cString: strerror(code)))" }
}

/// What `posix_spawn` is to do in the child before the program runs.
struct SpawnPlan: ~Copyable {
  private var actions = posix_spawn_file_actions_t()
  private var attributes = posix_spawnattr_t()
  /// This process's copies of the child's ends.
  private var descriptors: [Int32] = []

  init() {
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    var none = sigset_t()
    var all = sigset_t()
    sigemptyset(&none)
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
  }

  mutating func close() {
    for descriptor in descriptors { _ = Glibc.close(descriptor) }
    posix_spawn_file_actions_destroy(&actions)
    posix_spawnattr_destroy(&attributes)
  }

  /// The pipe takes all of it before the child runs: one that ends without reading cannot break it.
  mutating func input(_ bytes: [UInt8]) throws(SpawnError) {
    guard !bytes.isEmpty else {
      posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
      return
    }
    guard bytes.count <= 65536 else { throw SpawnError(subject: "an input of \(bytes.count) bytes", code: EFBIG) }
    let (reading, writing) = try pipe()
    posix_spawn_file_actions_adddup2(&actions, reading, STDIN_FILENO)
    descriptors.append(reading)
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { write(writing, $0.baseAddress, $0.count) }
      if count > 0 { rest = rest.dropFirst(count) } else if errno != EINTR { break }
    }
    _ = Glibc.close(writing)
  }

  mutating func send(_ target: Int32, to destination: ChildProcess.Destination) throws(SpawnError) -> PipeReader? {
    switch destination {
    case .inherited: return nil
    case .discarded: posix_spawn_file_actions_addopen(&actions, target, "/dev/null", O_WRONLY, 0)
    case .file(let path):
      let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
      guard file >= 0 else { throw SpawnError(subject: path, code: errno) }
      posix_spawn_file_actions_adddup2(&actions, file, target)
      descriptors.append(file)
    case .pipe:
      let (reading, writing) = try pipe()
      posix_spawn_file_actions_adddup2(&actions, writing, target)
      descriptors.append(writing)
      return PipeReader(reading)
    }
    return nil
  }

  mutating func start(in directory: String) {
    posix_spawn_file_actions_addchdir_np(&actions, directory)
  }

  mutating func spawn(
    _ program: String, _ arguments: [String], _ environment: [String: String]?
  ) throws(SpawnError) -> pid_t {
    posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1)
    var words = ([program] + arguments).map { strdup($0) } + [nil]
    var settings = environment.map { $0.map { strdup("\($0.key)=\($0.value)") } + [nil] }
    defer { for word in words + (settings ?? []) { free(word) } }
    var identifier: pid_t = 0
    let code =
      settings == nil
      ? posix_spawnp(&identifier, program, &actions, &attributes, &words, environ)
      : posix_spawnp(&identifier, program, &actions, &attributes, &words, &settings!)
    guard code == 0 else { throw SpawnError(subject: program, code: code) }
    return identifier
  }

  private func pipe() throws(SpawnError) -> (reading: Int32, writing: Int32) {
    var ends: [Int32] = [-1, -1]
    guard pipe2(&ends, O_CLOEXEC) == 0 else { throw SpawnError(subject: "a pipe", code: errno) }
    return (ends[0], ends[1])
  }
}
