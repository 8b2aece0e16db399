// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Credentials
import Device
import DeviceHost
import Foundation
import Keyring
import Records
import Registry
import Schemes
import Testing
import Wire

@testable import Relay
@testable import RelayServer

/// A fleet with an application, and its server on real sockets.
final class ApplicationFleet {
  let fleet: TestFleet
  let server: RelayServer
  let endpoint: Endpoint
  /// The default application of system alpha.
  let application: String

  init(_ fleet: TestFleet) async throws {
    self.fleet = fleet
    let path = "\(fleet.path)/backend.application"
    try Self.makeApplication(fleet, path)
    application = path
    server = try fleet.server()
    endpoint = Endpoint(host: "127.0.0.1", port: UInt16(try await server.listen(host: "127.0.0.1", port: 0).port))
  }

  private static func makeApplication(_ fleet: TestFleet, _ path: String) throws {
    let address = DeviceAddress(system: fleet.alpha, device: DeviceID(0xB0))
    let epoch = try fleet.registry.state().epoch
    try DeviceStore.create(path) { identity throws(DeviceError) in
      identity.create(
        address: address, anchor: fleet.authority.issuerKey, serverKey: fleet.authority.serverKey.publicKey,
        epoch: epoch)
    }
    let store = try DeviceStore(opening: path)
    let key = try #require(try store.read { $0.renewalKey })
    let certificate = try fleet.registry.addApplication(
      NewDevice(address: address, publicKey: key), named: "backend", asDefault: true, issuer: fleet.authority.issuer)
    try store.update { identity throws(DeviceError) in try identity.install(certificate) }
  }

  /// A device file, as the assembly line leaves it.
  func device(_ id: UInt64) throws -> String {
    let path = "\(fleet.path)/\(id).device"
    let flash = try fleet.device(id).flash
    try DeviceStore.create(path) { identity throws(DeviceError) in try identity.load(flash.bytes) }
    return path
  }

  func symmetricDevice(_ id: UInt64) throws -> String {
    let path = "\(fleet.path)/\(id).device"
    let flash = try #require(try fleet.symmetricDevice(id, .derivedKey).flash)
    try SymmetricStore.create(path) { identity throws(DeviceError) in try identity.load(flash.bytes) }
    return path
  }
}

@Suite("The application's client", .serialized)
struct ApplicationClientTests {
  private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  @Test("What devices report arrives once it is stored, in order, and the device hears when it is done")
  func reports() async throws {
    let bench = try await ApplicationFleet(TestFleet())
    let device = try await AsyncDeviceClient.open(bench.device(1), server: bench.endpoint)
    for number in 0..<20 {
      let delivery = try await device.report(Array("\(number)".utf8), timeout: patience)
      #expect(delivery.outcome == .stored && delivery.route == .channel)
    }
    let done = Task { try await device.report(Array("done".utf8), untilDone: true, timeout: patience) }
    let backend = try await ApplicationClient.open(bench.application, server: bench.endpoint)
    var heard: [String] = []
    for try await report in backend.reports {
      heard.append(text(report.body))
      #expect(report.device == device.address && report.attempt == 1 && !report.isHopByHop && report.request == nil)
      report.done()
      if heard.count == 21 { break }
    }
    #expect(heard == (0..<20).map(String.init) + ["done"])
    #expect(try await done.value.outcome == .delivered)
    await #expect(throws: DeviceHostError.unknownApplication("other")) {
      _ = try await device.report([1], to: .named("other"), timeout: patience)
    }
    #expect(try await device.report([2], to: .named("backend"), timeout: patience).outcome == .stored)
    device.close()
    backend.close()
    await bench.server.shutDown()
  }

  @Test("What an instance has not done goes to another, under the same number")
  func instances() async throws {
    let bench = try await ApplicationFleet(TestFleet())
    let device = try await AsyncDeviceClient.open(bench.device(1), server: bench.endpoint)
    let first = try await ApplicationClient.open(bench.application, server: bench.endpoint)
    var mine = first.reports.makeAsyncIterator()
    let sent = try await device.report(Array("one".utf8), timeout: patience)
    #expect(try await mine.next()?.id == sent.id)
    first.close()
    let second = try await ApplicationClient.open(bench.application, server: bench.endpoint)
    var theirs = second.reports.makeAsyncIterator()
    let again = try #require(try await theirs.next())
    #expect(again.id == sent.id && again.attempt == 2 && text(again.body) == "one")
    again.done()
    // A device without a key pair reports too, marked.
    let plain = try await AsyncDeviceClient.open(bench.symmetricDevice(2), server: bench.endpoint)
    #expect(try await plain.report(Array("two".utf8), timeout: patience).route == .hopByHop)
    let open = try #require(try await theirs.next())
    #expect(open.isHopByHop && text(open.body) == "two" && open.device == plain.address)
    open.done()
    for close in [device.close, plain.close, second.close] { close() }
    await bench.server.shutDown()
  }

  @Test("A request is answered by the device, or refused where it sleeps, or waits for it")
  func requests() async throws {
    let bench = try await ApplicationFleet(TestFleet())
    let path = try bench.device(1)
    let backend = try await ApplicationClient.open(bench.application, server: bench.endpoint)
    let id = DeviceID(1)
    await #expect(throws: DeviceHostError.noChannel(DeviceAddress(system: bench.fleet.alpha, device: id))) {
      _ = try await backend.request([1], of: id, timeout: patience)
    }
    let device = try await AsyncDeviceClient.open(path, server: bench.endpoint)
    _ = try await device.report([0], timeout: patience)
    let serving = Task { [requests = device.requests] in
      for try await request in requests {
        #expect(request.wantsReply == (request.body != [9]))
        if request.wantsReply { _ = try await request.reply(request.body.reversed()) } else { request.acknowledge() }
      }
    }
    #expect(try await backend.request([1, 2, 3], of: id, timeout: patience) == [3, 2, 1])
    try await backend.command([9], of: id, timeout: patience)
    device.close()
    try await serving.value

    // The server may not have noticed yet that the device has gone.
    let isAsleep = await eventuallyThrows(DeviceHostError.requestFailed(.asleep)) {
      _ = try await backend.request([4], of: id, timeout: .seconds(1))
    }
    #expect(isAsleep)
    let waiting = Task { try await backend.request([5, 6], of: id, waits: true, timeout: patience) }
    let again = try await AsyncDeviceClient.open(path, server: bench.endpoint)
    for try await request in again.requests where request.body == [5, 6] {
      _ = try await request.reply([7])
      break
    }
    #expect(try await waiting.value == [7])
    again.close()
    backend.close()
    await bench.server.shutDown()
  }

  private func eventuallyThrows(_ expected: DeviceHostError, _ body: () async throws -> Void) async -> Bool {
    let deadline = ContinuousClock.now + patience
    while ContinuousClock.now < deadline {
      do { try await body() } catch {
        if error as? DeviceHostError == expected { return true }
      }
    }
    return false
  }
}
