// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import DeviceHost
import Foundation
import GRDB
import CountersignCrypto
import Processes
import TestSeed
import Testing
import Wire

@testable import Registry

/// The server as a process of its own, killed without warning under load, again and again.
@Suite("Kill -9", .serialized)
struct CrashTests {
  private static let kills = 50

  /// The command-line tool beside this test's own program.
  private static var executable: URL? {
    let own = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    let tool = own.appendingPathComponent("countersign")
    return FileManager.default.isExecutableFile(atPath: tool.path) ? tool : nil
  }

  /// `countersign serve` on a port that stays the same, of an address that nothing else here uses: nothing else is given that
  /// port while it is free.
  private final class Server {
    static let host = "127.0.0.3"
    private let directory: String
    private(set) var port = 0
    private var process: ChildProcess?

    init(_ directory: String) { self.directory = directory }

    func start() throws {
      let arguments = [
        "serve", "--dir", directory, "--listen", "\(Self.host):\(port)", "--output", "json", "--log-level", "critical",
      ]
      let process = try ChildProcess(CrashTests.executable!.path, arguments, output: .pipe)
      self.process = process
      struct Ready: Decodable { let listening: String }
      let ready = try JSONDecoder().decode(Ready.self, from: Data(process.output!.line().utf8))
      port = Int(try #require(ready.listening.split(separator: ":").last.flatMap { Int($0) }))
    }

    func kill() {
      process?.send(SIGKILL)
      process?.wait()
    }

    func stop() -> Int32 {
      process?.stop() ?? -1
    }
  }

  /// What the devices know at the end: who was told that what is safe, and what applications got.
  private struct Ledger {
    var acknowledged: Set<String> = []
    var delivered: [String: Int] = [:]
    var isSending = true
    var isListening = true
    var faults: [String] = []
  }

  @Test("At random moments under load: no acknowledged message is lost, none comes twice, the files are whole")
  func killed() async throws {
    guard Self.executable != nil else {
      print("SKIPPED: countersign is not built beside the tests; run swift build first")
      return
    }
    let fleet = try TestFleet()
    let directory = fleet.path + "/authority"
    func file(_ id: UInt64) throws -> String {
      let device = try fleet.device(id)
      let path = "\(fleet.path)/\(id).device"
      let flash = device.flash
      try DeviceStore.create(path) { identity throws(DeviceError) in try identity.load(flash.bytes) }
      return path
    }
    let senders = try (1...4).map { try file(UInt64($0)) }
    let receivers = try (11...12).map { try file(UInt64($0)) }
    let addresses = [11, 12].map { DeviceAddress(system: fleet.alpha, device: DeviceID($0)) }
    let server = Server(directory)
    try server.start()
    let endpoint = Endpoint(host: Server.host, port: UInt16(server.port))
    let ledger = Locked(Ledger())

    let threads =
      senders.enumerated().map { index, path in
        thread(ledger) { try Self.send(path, endpoint, addresses, sender: index, ledger) }
      }
      + receivers.map { path in thread(ledger) { try Self.listen(path, endpoint, ledger) } }

    var random = SeededGenerator(for: "kills")
    for kill in 0..<Self.kills {
      // Every other time the server has served somebody: a busy machine would else see it killed at its start only.
      if kill.isMultiple(of: 2) {
        let before = ledger.value.acknowledged.count
        guard await eventually({ ledger.value.acknowledged.count > before }) else {
          Issue.record("nothing is acknowledged any more")
          break
        }
      }
      try await Task.sleep(for: .milliseconds(Int.random(in: 20...400, using: &random)))
      server.kill()
      try server.start()
    }
    ledger.value.isSending = false
    for thread in threads[..<senders.count] {
      while !thread.isFinished { try await Task.sleep(for: .milliseconds(10)) }
    }
    // Everybody has stopped sending: what is acknowledged must come.
    _ = await eventually { Self.compare(ledger.value).missing.isEmpty }
    ledger.value.isListening = false
    for thread in threads { while !thread.isFinished { try await Task.sleep(for: .milliseconds(10)) } }
    #expect(server.stop() == 0)

    let end = ledger.value
    let (missing, twice) = Self.compare(end)
    print("\(Self.kills) kills: \(end.acknowledged.count) acknowledged, \(end.delivered.count) delivered")
    #expect(end.faults.isEmpty)
    #expect(end.acknowledged.count >= Self.kills / 2)
    #expect(missing.count == 0, "for example \(missing.first ?? "")")
    #expect(twice.count == 0, "for example \(twice.first ?? "")")
    for name in ["registry", "mailbox"] {
      #expect(try Self.integrity(of: "\(directory)/\(name).sqlite") == "ok")
    }
  }

  private static func integrity(of path: String) throws -> String? {
    try DatabaseQueue(path: path).read { try String.fetchOne($0, sql: "PRAGMA integrity_check") }
  }

  private static func compare(_ ledger: Ledger) -> (missing: [String], twice: [String]) {
    (
      ledger.acknowledged.filter { ledger.delivered[$0] == nil },
      ledger.delivered.filter { $0.value > 1 }.map(\.key)
    )
  }

  private func thread(_ ledger: Locked<Ledger>, _ body: @escaping @Sendable () throws -> Void) -> Thread {
    let thread = Thread {
      do { try body() } catch { ledger.value.faults.append("\(error)") }
    }
    thread.stackSize = 1 << 20
    thread.start()
    return thread
  }

  /// Sends one message after another, each under its number until the server, or the recipient, has it.
  private static func send(
    _ path: String, _ endpoint: Endpoint, _ recipients: [DeviceAddress], sender: Int, _ ledger: Locked<Ledger>
  ) throws {
    let store = try DeviceStore(opening: path)
    var client: DeviceClient?
    var count = 0
    while ledger.value.isSending {
      let text = "message \(count) of sender \(sender)"
      let recipient = recipients[count % recipients.count]
      let id = try store.update { identity throws(DeviceError) in try identity.nextMessageID() }
      count += 1
      while ledger.value.isSending {
        do {
          let connected = try client ?? DeviceClient.connect(store, to: endpoint, listens: false)
          client = connected
          _ = try connected.send(Array(text.utf8), to: recipient, id: id, timeout: .seconds(10))
          ledger.value.acknowledged.insert(text)
          break
        } catch {
          client = nil
          usleep(5_000)
        }
      }
    }
  }

  /// Listens over one session after another; a restart of the application in between is part of it.
  private static func listen(_ path: String, _ endpoint: Endpoint, _ ledger: Locked<Ledger>) throws {
    while ledger.value.isListening {
      do {
        let store = try DeviceStore(opening: path)
        let inbox = try Inbox(path: path + ".inbox")
        let client = try DeviceClient.connect(store, to: endpoint, listens: true)
        while ledger.value.isListening {
          _ = try client.receiveMessage(inbox: inbox, timeout: .milliseconds(200)) { message in
            ledger.value.delivered[String(decoding: message.body, as: UTF8.self), default: 0] += 1
          }
        }
      } catch { usleep(5_000) }
    }
  }
}
