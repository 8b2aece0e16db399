// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import DeviceHost
import FleetSupport
import Foundation
import Noise
import Records
import Testing
import Wire

@Suite("Two devices over a socket of their own", .serialized)
struct DirectConnectionTests {
  let authority = try! Authority()
  let scratch = try! Scratch()

  /// Runs `answering` on a thread of its own with what the listener accepted, while `body` connects.
  private func converse(
    _ listening: DeviceStore, answering: @escaping @Sendable (DirectConnection) throws -> Void,
    _ body: (Endpoint) throws -> Void
  ) throws -> Result<Void, any Error> {
    let listener = try DirectListener(on: Endpoint(host: "127.0.0.1", port: 0))
    let endpoint = Endpoint(host: "127.0.0.1", port: listener.port)
    let outcome = Outcome()
    nonisolated(unsafe) let (listener2, store) = (listener, listening)
    let thread = Thread {
      outcome.finish(
        Result {
          guard let connection = try listener2.accept(store, waiting: .seconds(120), timeout: .seconds(120)) else {
            throw DeviceHostError.timedOut(waitingFor: "the other device")
          }
          try answering(connection)
        })
    }
    thread.start()
    try body(endpoint)
    return outcome.wait()
  }

  @Test("exchange messages, each sure of the other, and each is acknowledged by the application")
  func messages() throws {
    let a = try scratch.device(1, authority)
    let b = try scratch.device(2, authority)
    let (addressA, addressB) = (try a.read { $0.address }, try b.read { $0.address })
    let longest = [UInt8](repeating: 0x5A, count: Message.maximumLength)
    let result = try converse(b) { connection in
      #expect(connection.peer.fields.address == addressA)
      for expected in [Array("one".utf8), [], longest] {
        let message = try connection.receiveMessage(timeout: .seconds(120))
        #expect(message?.body == expected && message?.from == addressA && message?.route == .direct)
        try connection.answer(message!, .deliver)
      }
    } _: { endpoint in
      let connection = try DirectConnection.connect(a, to: endpoint, expecting: addressB, timeout: .seconds(120))
      #expect(connection.peer.fields.address == addressB)
      for body in [Array("one".utf8), [], longest] {
        let id = try a.update { identity throws(DeviceError) in try identity.nextMessageID() }
        try connection.send(body, id: id, timeout: .seconds(120))
      }
      // XX: 33 + 149 bytes and their headers out, 181 in, before any message.
      #expect(connection.traffic.sent > 33 + 149 + Message.maximumLength && connection.traffic.received >= 181)
    }
    try result.get()
  }

  @Test("part when the wrong one answers")
  func unexpected() throws {
    let a = try scratch.device(1, authority)
    let b = try scratch.device(2, authority)
    let result = try converse(b) { _ in
      Issue.record("the listener learned who called")
    } _: { endpoint in
      #expect(throws: DeviceHostError.device(.subjectMismatch)) {
        try DirectConnection.connect(
          a, to: endpoint, expecting: DeviceAddress(system: SystemID(1), device: DeviceID(3)), timeout: .seconds(120))
      }
    }
    #expect(throws: DeviceHostError.self) { try result.get() }
  }

  @Test("part when one is of another system, or revoked, though another process learned of it")
  func refused() throws {
    let a = try scratch.device(1, authority)
    let foreign = try scratch.device(1, authority, system: 2)
    let b = try scratch.device(2, authority)
    var result = try converse(b) { _ in
      Issue.record("accepted a foreigner")
    } _: { endpoint in
      #expect(throws: DeviceHostError.device(.credentials(.foreignSystem(SystemID(1))))) {
        try DirectConnection.connect(foreign, to: endpoint, expecting: nil, timeout: .seconds(120))
      }
    }
    #expect(throws: DeviceHostError.self) { try result.get() }

    try DeviceStore(opening: b.path).revoke(1, authority)
    result = try converse(b) { _ in
      Issue.record("accepted a revoked device")
    } _: { endpoint in
      // It has said everything when the listener finds out.
      _ = try? DirectConnection.connect(a, to: endpoint, expecting: nil, timeout: .seconds(120))
    }
    #expect(throws: DeviceHostError.device(.credentials(.revoked(generation: 1)))) { try result.get() }
  }

  @Test("part when one shows a key that it has replaced, once the other has met the next")
  func superseded() throws {
    let a = try scratch.device(1, authority)
    let old = scratch.file("copy")
    try Data(contentsOf: URL(fileURLWithPath: a.path)).write(to: URL(fileURLWithPath: old))
    chmod(old, 0o600)
    let b = try scratch.device(2, authority)
    try a.update { identity throws(DeviceError) in try identity.beginRotation() }
    let next = try authority.certificate(for: a.read { $0.renewalKey! }, device: 1, generation: 2)
    try a.update { identity throws(DeviceError) in
      try identity.install(next)
      identity.confirmUse(of: identity.slotForSession()!)
    }
    func meet(_ store: DeviceStore) throws -> Result<Void, any Error> {
      try converse(b) { _ in
      } _: { endpoint in
        _ = try? DirectConnection.connect(store, to: endpoint, expecting: nil, timeout: .seconds(120))
      }
    }
    let thief = try DeviceStore(opening: old)
    // Nobody has told the other device of the next key: it cannot know.
    try meet(thief).get()
    try meet(a).get()
    #expect(throws: DeviceHostError.device(.credentials(.superseded(generation: 2)))) { try meet(thief).get() }
    // And the other way round.
    let result = try converse(thief) { _ in
    } _: { endpoint in
      #expect(throws: DeviceHostError.device(.credentials(.superseded(generation: 2)))) {
        try DirectConnection.connect(b, to: endpoint, expecting: nil, timeout: .seconds(120))
      }
    }
    _ = result
  }

  @Test("say what became of a message that is not taken")
  func refusal() throws {
    let a = try scratch.device(1, authority)
    let b = try scratch.device(2, authority)
    let path = scratch.file("inbox")
    let result = try converse(b) { connection in
      let inbox = try Inbox(path: path)
      while let message = try connection.receiveMessage(timeout: .seconds(120)) {
        _ = try inbox.take(message, deliver: { _ in }) { judgement throws(DeviceHostError) in
          try connection.answer(message, judgement)
        }
        if message.body == [3] { return }
      }
    } _: { endpoint in
      let connection = try DirectConnection.connect(a, to: endpoint, expecting: nil, timeout: .seconds(120))
      #expect(throws: DeviceHostError.notTaken(.impossibleNumber)) {
        try connection.send([1], id: MessageID(2 << 48), timeout: .seconds(120))
      }
      try connection.send([2], id: MessageID(2 << 48 - 1), timeout: .seconds(120))
      #expect(throws: DeviceHostError.notTaken(.tooOld)) {
        try connection.send([3], id: MessageID(1 << 48), timeout: .seconds(120))
      }
    }
    try result.get()
  }

  @Test("part when one is revoked in mid-conversation")
  func revokedMeanwhile() throws {
    let a = try scratch.device(1, authority)
    let b = try scratch.device(2, authority)
    let path = b.path
    nonisolated(unsafe) let authority = authority
    let result = try converse(b) { connection in
      let message = try connection.receiveMessage(timeout: .seconds(120))
      try connection.answer(message!, .deliver)
      try DeviceStore(opening: path).revoke(1, authority)
      _ = try connection.receiveMessage(timeout: .seconds(120))
      Issue.record("a revoked device was heard")
    } _: { endpoint in
      let connection = try DirectConnection.connect(a, to: endpoint, expecting: nil, timeout: .seconds(120))
      try connection.send([1], id: MessageID(1 << 48), timeout: .seconds(120))
      #expect(throws: DeviceHostError.self) {
        try connection.send([2], id: MessageID(1 << 48 | 1), timeout: .seconds(120))
      }
    }
    #expect(throws: DeviceHostError.device(.credentials(.revoked(generation: 1)))) { try result.get() }
  }

  @Test("Whoever says nothing, or nonsense, or more than a frame, is an error in time")
  func strangers() throws {
    let b = try scratch.device(2, authority)
    let listener = try DirectListener(on: Endpoint(host: "127.0.0.1", port: 0))
    let endpoint = Endpoint(host: "127.0.0.1", port: listener.port)
    #expect(try listener.accept(b, waiting: .milliseconds(10)) == nil)

    let silent = try FrameSocket.connect(to: endpoint, timeout: .seconds(120))
    #expect(throws: DeviceHostError.timedOut(waitingFor: "the other device's handshake")) {
      _ = try listener.accept(b, waiting: .seconds(120), timeout: .milliseconds(50))
    }
    for (frame, expected): ([UInt8], DeviceError) in [
      ([], .malformedRecord), ([0x7F], .unexpectedRecord(0x7F)), ([0x11], .noise(.messageTooShort)),
      ([UInt8](repeating: 0x11, count: 65_535), .messageTooLong),
    ] {
      let stranger = try FrameSocket.connect(to: endpoint, timeout: .seconds(120))
      try stranger.send(frame, count: frame.count)
      #expect(throws: DeviceHostError.device(expected)) {
        _ = try listener.accept(b, waiting: .seconds(120), timeout: .seconds(120))
      }
    }
    withExtendedLifetime(silent) {}
  }

  @Test("Strangers that say nothing keep no device waiting, however many they are")
  func crowd() throws {
    let a = try scratch.device(1, authority)
    let b = try scratch.device(2, authority)
    let listener = try DirectListener(on: Endpoint(host: "127.0.0.1", port: 0))
    let endpoint = Endpoint(host: "127.0.0.1", port: listener.port)
    var silent: [FrameSocket] = []
    // In batches: as many as the system keeps waiting.
    for _ in 0..<10 {
      for _ in 0..<30 { silent.append(try FrameSocket.connect(to: endpoint, timeout: .seconds(120))) }
      #expect(try listener.accept(b, waiting: .milliseconds(1)) == nil)
    }
    #expect(silent.count > DirectListener.maximumStrangers)
    nonisolated(unsafe) let device = a
    let sent = Outcome()
    Thread.detachNewThread {
      sent.finish(
        Result {
          let connection = try DirectConnection.connect(
            device, to: endpoint, expecting: nil, timeout: .seconds(120))
          try connection.send([7], id: MessageID(1 << 48), timeout: .seconds(120))
        })
    }
    // The strangers wait for longer than this test does.
    let connection = try #require(try listener.accept(b, waiting: .seconds(120), timeout: .seconds(3600)))
    let message = try #require(try connection.receiveMessage(timeout: .seconds(120)))
    #expect(message.body == [7])
    try connection.answer(message, .deliver)
    try sent.wait().get()
    withExtendedLifetime(silent) {}
  }

  @Test("Devices in conversation are heard in turn, and one that says nothing keeps none waiting")
  func speakers() throws {
    let b = try scratch.device(2, authority)
    let listener = try DirectListener(on: Endpoint(host: "127.0.0.1", port: 0))
    let endpoint = Endpoint(host: "127.0.0.1", port: listener.port)
    /// How many messages each sends, all without waiting for a receipt.
    let plans: [(id: UInt64, messages: UInt8)] = [(1, 0), (3, 3), (4, 1)]
    let ready = DispatchSemaphore(value: 0)
    let end = DispatchSemaphore(value: 0)
    for plan in plans {
      nonisolated(unsafe) let device = try scratch.device(plan.id, authority)
      Thread.detachNewThread {
        let connection = try? DirectConnection.connect(device, to: endpoint, expecting: nil, timeout: .seconds(120))
        for index in 0..<plan.messages {
          let id = MessageID(1 << 48 | UInt64(index))
          // Nobody acknowledges: each gives up at once.
          try? connection?.send([UInt8(plan.id), index], id: id, timeout: .zero)
        }
        ready.signal()
        end.wait()
        withExtendedLifetime(connection) {}
      }
    }
    var heard: [[UInt8]] = []
    while heard.count < 4, let speaker = try listener.nextSpeaker(b, waiting: .seconds(120)) {
      if let message = try speaker.receiveMessage(timeout: .zero) { heard.append(message.body) }
    }
    #expect(heard.filter { $0[0] == 3 } == [[3, 0], [3, 1], [3, 2]])
    #expect(heard.contains([4, 0]))
    for _ in plans { end.signal() }
    for _ in plans { ready.wait() }
  }

  @Test("Where nobody listens, the reason is given")
  func nobody() throws {
    let a = try scratch.device(1, authority)
    // The port stays this test's own, and nobody listens there.
    let holder = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(holder) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(holder, $0, length) == 0 && getsockname(holder, $0, &length) == 0
      }
    }
    try #require(isBound)
    let port = UInt16(bigEndian: address.sin_port)
    let expected = DeviceHostError.unreachable(endpoint: "127.0.0.1:\(port)", reason: "Connection refused")
    #expect(throws: expected) {
      try DirectConnection.connect(a, to: Endpoint(host: "127.0.0.1", port: port), expecting: nil)
    }
  }
}

extension DeviceStore {
  /// Takes a revocation of generation 1 of `device`, as a session with the server would bring it.
  fileprivate func revoke(_ device: UInt64, _ authority: Authority) throws {
    let statement = try authority.revocation(device: device)
    _ = try update { identity throws(DeviceError) in try identity.receive(.revocation(statement), over: .a) }
  }
}

/// What a thread came to.
private final class Outcome: @unchecked Sendable {
  private let done = DispatchSemaphore(value: 0)
  private var result: Result<Void, any Error>?

  func finish(_ result: Result<Void, any Error>) {
    self.result = result
    done.signal()
  }

  func wait() -> Result<Void, any Error> {
    done.wait()
    return result!
  }
}
