// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Credentials
import Device
import DeviceHost
import Keyring
import Records
import Registry
import Schemes
import Testing
import Wire

@testable import Relay
@testable import RelayServer

/// The client that many tasks share, against the server on real sockets.
@Suite("The asynchronous client", .serialized)
struct AsyncClientTests {
  private let fleet = try! TestFleet()

  /// A device file, as the assembly line leaves it.
  private func file(_ id: UInt64) throws -> String {
    let path = "\(fleet.path)/\(id).device"
    let flash = try fleet.device(id).flash
    try DeviceStore.create(path) { identity throws(DeviceError) in try identity.load(flash.bytes) }
    return path
  }

  private func symmetricFile(_ id: UInt64) throws -> String {
    let path = "\(fleet.path)/\(id).device"
    let flash = try #require(try fleet.symmetricDevice(id, .derivedKey).flash)
    try SymmetricStore.create(path) { identity throws(DeviceError) in try identity.load(flash.bytes) }
    return path
  }

  private func serve() async throws -> (RelayServer, Endpoint) {
    let server = try fleet.server()
    let bound = try await server.listen(host: "127.0.0.1", port: 0)
    return (server, Endpoint(host: "127.0.0.1", port: UInt16(bound.port)))
  }

  private func text(_ message: AsyncDeviceClient.Message) -> String {
    String(decoding: message.content.body, as: UTF8.self)
  }

  @Test("Messages of many tasks arrive, each once, and stay with the server until they are acknowledged")
  func messages() async throws {
    let (server, endpoint) = try await serve()
    let a = try await AsyncDeviceClient.open(file(1), server: endpoint)
    let path = try file(2)
    let b = try await AsyncDeviceClient.open(path, server: endpoint)
    let recipient = b.address
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<300 {
        group.addTask {
          let delivery = try await a.send(Array("\(number)".utf8), to: recipient, timeout: patience)
          #expect(delivery.outcome == .stored && delivery.route == .mailbox)
        }
      }
      try await group.waitForAll()
    }
    var heard: Set<String> = []
    var count = 0
    for try await message in b.messages {
      heard.insert(text(message))
      count += 1
      if count < 300 { message.acknowledge() } else { break }
    }
    #expect(heard.count == 300)
    b.close()
    // The end of the stream shows that the thread is done, and that another may have the list of messages.
    for try await _ in b.messages {}
    let again = try await AsyncDeviceClient.open(path, server: endpoint)
    var last = again.messages.makeAsyncIterator()
    let repeated = try #require(try await last.next())
    #expect(heard.contains(text(repeated)), "the one that was not acknowledged")
    repeated.acknowledge()
    _ = try await a.send(Array("last".utf8), to: recipient, timeout: patience)
    #expect(try await last.next().map(text) == "last")
    again.close()
    a.close()
    await server.shutDown()
  }

  @Test("A device without a key pair uses the same client; the server can read what it sends")
  func hopByHop() async throws {
    let (server, endpoint) = try await serve()
    let a = try await AsyncDeviceClient.open(symmetricFile(1), server: endpoint)
    let b = try await AsyncDeviceClient.open(symmetricFile(2), server: endpoint)
    let keyed = try await AsyncDeviceClient.open(
      file(3), server: endpoint, settings: ClientSettings(allowsHopByHop: true))
    #expect(try await a.send([1], to: b.address, timeout: patience).route == .hopByHop)
    #expect(try await keyed.send([2], to: b.address, timeout: patience).id.counter == 0)
    var heard = b.messages.makeAsyncIterator()
    for expected: UInt8 in [1, 2] {
      let message = try #require(try await heard.next())
      #expect(message.content.body == [expected] && message.content.route == .hopByHop)
      message.acknowledge()
    }
    await #expect(throws: DeviceHostError.unknownPeer(DeviceAddress(system: fleet.alpha, device: DeviceID(99)))) {
      _ = try await keyed.send([3], to: DeviceAddress(system: fleet.alpha, device: DeviceID(99)), timeout: patience)
    }
    for client in [a, b, keyed] { client.close() }
    await server.shutDown()
  }

  @Test(
    "What cannot be sent is given up when its time is over, when its task is cancelled, or when the client is closed")
  func givingUp() async throws {
    // Nobody listens there.
    let client = try await AsyncDeviceClient.open(file(1), server: Endpoint(host: "127.0.0.1", port: 1))
    let recipient = DeviceAddress(system: fleet.alpha, device: DeviceID(2))
    await #expect(throws: DeviceHostError.timedOut(waitingFor: "the server's receipt")) {
      _ = try await client.send([1], to: recipient, timeout: .milliseconds(1))
    }
    let cancelled = Task { try await client.send([2], to: recipient) }
    cancelled.cancel()
    await #expect(throws: CancellationError.self) { _ = try await cancelled.value }
    let waiting = Task { try await client.send([3], to: recipient) }
    client.close()
    await #expect(throws: DeviceHostError.closed) { _ = try await waiting.value }
    await #expect(throws: DeviceHostError.closed) { _ = try await client.send([4], to: recipient) }
  }

  @Test("A device that is refused ends its client, and says why")
  func refused() async throws {
    let (server, endpoint) = try await serve()
    let path = try file(1)
    let address = DeviceAddress(system: fleet.alpha, device: DeviceID(1))
    _ = try fleet.registry.revoke(address, through: nil, reason: .keyCompromise, issuer: fleet.authority.issuer)
    let client = try await AsyncDeviceClient.open(path, server: endpoint)
    await #expect(throws: DeviceHostError.refused(endpoint: endpoint.description, .revoked)) {
      for try await _ in client.messages {}
    }
    await #expect(throws: DeviceHostError.self) { try await AsyncDeviceClient.open(path + ".none", server: endpoint) }
    await #expect(throws: DeviceHostError.wrongRole(isApplication: false)) {
      try await ApplicationClient.open(path, server: endpoint)
    }
    await server.shutDown()
  }
}
