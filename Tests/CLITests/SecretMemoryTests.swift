// SPDX-License-Identifier: Apache-2.0

import Foundation
import CountersignCrypto
import Processes
import Testing

/// Where the keys of a running process lie, seen from outside by the superuser: once each, in memory that is locked and left out of
/// dumps; and that a process which dies leaves nothing of them.
@Suite(.serialized) struct SecretMemoryTests {
  private let temporary = TemporaryDirectory()
  private var dir: String { temporary.path + "/fleet" }
  private let tool = CommandLineTool()

  private struct Fleet {
    let server: CommandLineTool.Running
    let endpoint: String
    /// What must lie in locked memory only, by name.
    let secrets: [(name: String, bytes: [UInt8])]
    /// What is no secret and is there: a search that does not find it would find nothing.
    let publicKey: [UInt8]
    let device: String
  }

  /// A server that has admitted a device of each kind, and a device file.
  private func start() throws -> Fleet {
    try #require(try tool.run(["init", "--dir", dir, "--unsealed"]).status == 0)
    try #require(try tool.run(["system", "add", "--dir", dir, "works"]).status == 0)
    let device = temporary.path + "/a.device"
    for (index, scheme) in ["certified", "derived-key", "derived-key-ratchet", "hybrid-ikpsk2"].enumerated() {
      let file = index == 0 ? device : "\(temporary.path)/\(scheme).device"
      let added = try tool.run([
        "device", "add", "--dir", dir, "--system", "works", "--id", "000000000000000\(index)", "--scheme", scheme,
        "--out", file,
      ])
      try #require(added.status == 0, "\(added.error)")
    }
    let server = try tool.start(["serve", "--dir", dir, "--listen", "127.0.0.1:0", "--log-level", "error"])
    let endpoint = try #require(
      server.output.line().split(separator: " ").last?.trimmingCharacters(in: .whitespacesAndNewlines))
    for scheme in ["derived-key", "derived-key-ratchet", "hybrid-ikpsk2"] {
      let file = "\(temporary.path)/\(scheme).device"
      let sent = try tool.run([
        "send", "--server", endpoint, "--device", file, "--to", "0000000000000000", "words", "--timeout", "60",
      ])
      try #require(sent.status == 0, "\(scheme): \(sent.error)")
      let rotated = try tool.run(["device", "rotate", "--device", file, "--server", endpoint])
      try #require(rotated.status == 0, "\(scheme): \(rotated.error)")
    }
    let key = [UInt8](try Data(contentsOf: URL(fileURLWithPath: dir + "/authority.key")))
    let root = Array(key[16..<48])
    let signing = try Ed25519.PrivateKey(seed: Self.derived("signing key", from: root).bytes)
    return Fleet(
      server: server, endpoint: endpoint,
      secrets: [
        ("root", root), ("signing seed", Self.derived("signing key", from: root)),
        ("handshake key", Self.derived("server handshake key", from: root)),
        ("derivation master", Self.derived("device key derivation master", from: root)),
      ],
      publicKey: [UInt8](copying: signing.publicKey.bytes), device: device)
  }

  private static func derived(_ info: String, from root: [UInt8]) -> [UInt8] {
    var key = [UInt8](repeating: 0, count: 32)
    let salt = Array("countersign-v1 root".utf8)
    let info = Array(info.utf8)
    var target = key.mutableBytes
    Hash.HKDF<Hash.SHA256>.deriveKey(inputKeyMaterial: root.bytes, salt: salt.bytes, info: info.bytes, into: &target)
    return key
  }

  // MARK: Memory

  private struct Place {
    let address: UInt
    let isLocked: Bool
    let isLeftOutOfDumps: Bool
  }

  private struct Memory {
    private let descriptor: Int32
    private let regions: [(range: Range<UInt>, flags: Set<Substring>)]

    /// Nil where this user may not look.
    init?(of process: pid_t) throws {
      descriptor = open("/proc/\(process)/mem", O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else { return nil }
      var regions: [(Range<UInt>, Set<Substring>)] = []
      var range: Range<UInt> = 0..<0
      // Foundation takes the first part of such a file for all of it.
      guard let smaps = FileHandle(forReadingAtPath: "/proc/\(process)/smaps") else { return nil }
      var text = Data()
      while let part = try smaps.read(upToCount: 1 << 16), !part.isEmpty { text += part }
      for line in String(decoding: text, as: UTF8.self).split(separator: "\n") {
        let words = line.split(separator: " ")
        if words[0] == "VmFlags:" {
          let flags = Set(words.dropFirst())
          if flags.contains("rd"), flags.contains("wr") { regions.append((range, flags)) }
        } else if !words[0].hasSuffix(":") {
          let ends = words[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
          range = ends[0]..<ends[1]
        }
      }
      self.regions = regions
    }

    func find(_ wanted: [UInt8]) -> [Place] {
      var places: [Place] = []
      for region in regions {
        var content = [UInt8](repeating: 0, count: region.range.count)
        let count = content.withUnsafeMutableBytes {
          pread(descriptor, $0.baseAddress, $0.count, off_t(region.range.lowerBound))
        }
        guard count > 0 else { continue }
        places += SecretMemoryTests.find(wanted, in: content[..<count]).map {
          Place(
            address: region.range.lowerBound + UInt($0), isLocked: region.flags.contains("lo"),
            isLeftOutOfDumps: region.flags.contains("dd"))
        }
      }
      return places
    }

    func close() { Foundation.close(descriptor) }
  }

  private static func find(_ wanted: [UInt8], in content: ArraySlice<UInt8>) -> [Int] {
    var found: [Int] = []
    content.withUnsafeBytes { content in
      guard let base = content.baseAddress, content.count >= wanted.count else { return }
      var start = 0
      while let hit = memchr(base + start, Int32(wanted[0]), content.count - wanted.count + 1 - start) {
        let offset = UnsafeRawPointer(hit) - base
        if memcmp(hit, wanted, wanted.count) == 0 { found.append(offset) }
        start = offset + 1
        guard start + wanted.count <= content.count else { return }
      }
    }
    return found
  }

  private func expectOnce(_ secrets: [(name: String, bytes: [UInt8])], in memory: Memory) {
    for (name, bytes) in secrets {
      let places = memory.find(bytes)
      #expect(places.count == 1, "\(name): \(places)")
      #expect(places.allSatisfy { $0.isLocked && $0.isLeftOutOfDumps }, "\(name): \(places)")
    }
  }

  @Test func theServersKeysLieOnceEachInLockedMemory() throws {
    let fleet = try start()
    defer { fleet.server.kill() }
    guard let memory = try Memory(of: fleet.server.process.identifier) else {
      return print("SKIPPED: only the superuser may look into a server's memory")
    }
    defer { memory.close() }
    #expect(!memory.find(fleet.publicKey).isEmpty)
    expectOnce(fleet.secrets, in: memory)
  }

  @Test func aDevicesKeyLiesOnceInLockedMemory() throws {
    let fleet = try start()
    defer { fleet.server.kill() }
    let listener = try tool.start(["listen", "--device", fleet.device, "--server", fleet.endpoint, "--hop-by-hop"])
    defer { listener.kill() }
    // One message, so that it has shaken hands and opened what was sealed.
    _ = listener.output.line()
    guard let memory = try Memory(of: listener.process.identifier) else {
      return print("SKIPPED: only the superuser may look into a device's memory")
    }
    defer { memory.close() }
    let file = [UInt8](try Data(contentsOf: URL(fileURLWithPath: fleet.device)))
    expectOnce([("private key", Array(file[62..<94]))], in: memory)
  }

  // MARK: Dumps

  @Test func aProcessThatIsKilledLeavesNoCoreFile() throws {
    try #require(try tool.run(["init", "--dir", dir, "--unsealed"]).status == 0)
    /// Whether a process that asks for core files and is told to make one does.
    func leavesCore(_ name: String, _ program: [String], waiting: Bool) throws -> Bool {
      let folder = temporary.path + "/" + name
      mkdir(folder, 0o700)
      let process = try ChildProcess(
        "sh", ["-c", "ulimit -c unlimited && exec \"$@\"", "sh"] + program,
        environment: ["PATH": "/usr/bin:/bin", "SWIFT_BACKTRACE": "enable=no"], directory: folder, output: .pipe,
        errors: .discarded)
      if waiting { _ = process.output!.line() }
      process.send(SIGABRT)
      process.wait()
      return try !FileManager.default.contentsOfDirectory(atPath: folder).isEmpty
    }
    let control = try leavesCore("control", ["sh", "-c", "echo ready; exec sleep 100"], waiting: true)
    if !control { print("SKIPPED in part: this machine makes no core files where the process stands") }
    #expect(
      try !leavesCore(
        "server", [CommandLineTool.path, "serve", "--dir", dir, "--listen", "127.0.0.1:0", "--log-level", "critical"],
        waiting: true))
  }

  @Test func aDumpThatTheSuperuserTakesHoldsNoKey() throws {
    let fleet = try start()
    defer { fleet.server.kill() }
    let file = "\(temporary.path)/dump.\(fleet.server.process.identifier)"
    guard
      let gcore = try? ChildProcess(
        "gcore", ["-o", temporary.path + "/dump", "\(fleet.server.process.identifier)"], output: .discarded,
        errors: .discarded)
    else { return print("SKIPPED: gcore is not installed (Debian's package gdb)") }
    gcore.wait()
    guard let dump = try? Data(contentsOf: URL(fileURLWithPath: file)) else {
      return print("SKIPPED: gcore may not take a dump of another process here")
    }
    let content = [UInt8](dump)
    #expect(!Self.find(fleet.publicKey, in: content[...]).isEmpty)
    for (name, bytes) in fleet.secrets { #expect(Self.find(bytes, in: content[...]).isEmpty, "\(name)") }
  }
}
