// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import Foundation
import CountersignCrypto
import Schemes
import Testing
import Wire

@testable import DeviceHost
@testable import Keyring
@testable import Registry
@testable import Relay
@testable import RelayServer

/// A live fleet of several schemes on one port, moved scheme by scheme, by the devices' own client and over real sockets.
@Suite("Moving a live fleet", .serialized)
struct FleetMigrationTests {
  /// The file of a device without a key pair, as the assembly line leaves it.
  private func symmetricFile(_ id: UInt64, _ scheme: SchemeID, _ fleet: TestFleet) throws -> String {
    let path = "\(fleet.path)/\(id).device"
    let flash = try fleet.symmetricDevice(id, scheme).flash!
    try SymmetricStore.create(path) { identity throws(DeviceError) in try identity.load(flash.bytes) }
    return path
  }

  private func keyFile(_ id: UInt64, _ scheme: SchemeID, _ fleet: TestFleet) throws -> String {
    let path = "\(fleet.path)/\(id).device"
    let flash = try fleet.device(id, scheme: scheme).flash
    try DeviceStore.create(path) { identity throws(DeviceError) in try identity.load(flash.bytes) }
    guard scheme == .hybridIKpsk2 else { return path }
    var key = SecretBytes<32>()
    let address = DeviceAddress(system: fleet.alpha, device: DeviceID(id))
    fleet.authority.deriveKey(of: address, generation: 1, into: &key)
    let psk = [UInt8](copying: key.bytes)
    try SymmetricStore.create(DeviceClient.pskPath(for: path)) { identity throws(DeviceError) in
      try identity.create(address: address, epoch: 1, scheme: scheme, generation: 1, key: psk.bytes)
    }
    return path
  }

  private func endpoint(_ server: RelayServer) async throws -> Endpoint {
    Endpoint(host: "127.0.0.1", port: UInt16(try await server.listen(host: "127.0.0.1", port: 0).port))
  }

  private struct Ledger {
    var acknowledged: Set<String> = []
    var delivered: [String: Int] = [:]
    var isSending = true
    var isListening = true
    var faults: [String] = []
  }

  private func thread(_ ledger: Locked<Ledger>, _ body: @escaping @Sendable () throws -> Void) -> Thread {
    let thread = Thread {
      do { try body() } catch { ledger.value.faults.append("\(error)") }
    }
    thread.stackSize = 1 << 20
    thread.start()
    return thread
  }

  private static func send(
    _ path: String, _ endpoint: Endpoint, _ recipients: [DeviceAddress], _ ledger: Locked<Ledger>
  ) throws {
    let device = try AnyDevice(opening: path)
    var session: (any DeviceSession)?
    var count = 0
    while ledger.value.isSending {
      let text = "message \(count) of \(path)"
      let id = try device.nextMessageID()
      while ledger.value.isSending {
        do {
          if session?.shouldReconnect == true { session = nil }
          let connected = try session ?? device.connect(to: endpoint, listens: false, allowsHopByHop: true)
          session = connected
          _ = try connected.send(
            Array(text.utf8), to: recipients[count % recipients.count], id: id, timeout: .seconds(10))
          ledger.value.acknowledged.insert(text)
          break
        } catch {
          session = nil
          usleep(5_000)
        }
      }
      count += 1
      usleep(2_000)
    }
  }

  private static func listen(_ path: String, _ endpoint: Endpoint, _ ledger: Locked<Ledger>) throws {
    let device = try AnyDevice(opening: path)
    let inbox = try Inbox(path: path + ".inbox")
    while ledger.value.isListening {
      do {
        let session = try device.connect(to: endpoint, listens: true, allowsHopByHop: true)
        while ledger.value.isListening, !session.shouldReconnect {
          _ = try session.receiveMessage(inbox: inbox, timeout: .milliseconds(100)) { message in
            ledger.value.delivered[String(decoding: message.body, as: UTF8.self), default: 0] += 1
          }
        }
      } catch { usleep(5_000) }
    }
  }

  @Test("From shared keys to derived keys to certificates while messages flow; then the old keys are refused")
  func liveFleet() async throws {
    let fleet = try TestFleet()
    let server = try fleet.server()
    let endpoint = try await endpoint(server)
    let ids: [UInt64] = [1, 2, 3, 4, 5]
    let moving = try ids.enumerated().map { index, id in
      try symmetricFile(id, index < 3 ? .sharedKey : index == 3 ? .derivedKey : .derivedKeyRatchet, fleet)
    }
    let others = [try keyFile(11, .certified, fleet), try keyFile(12, .compactKK, fleet)]
    // Two that listen, one of each kind; the rest send.
    let listeners = [moving[0], others[0]]
    let senders = Array(moving.dropFirst()) + [others[1]]
    let recipients = [DeviceID(1), DeviceID(11)].map { DeviceAddress(system: fleet.alpha, device: $0) }
    let addresses = ids.map { DeviceAddress(system: fleet.alpha, device: DeviceID($0)) }

    let ledger = Locked(Ledger())
    let listening = listeners.map { path in thread(ledger) { try Self.listen(path, endpoint, ledger) } }
    let sending = senders.map { path in thread(ledger) { try Self.send(path, endpoint, recipients, ledger) } }
    var oldFiles: [String] = []
    for target in [SchemeID.derivedKey, .certified] {
      let before = ledger.value.acknowledged.count
      #expect(await eventually { ledger.value.acknowledged.count > before + 10 })
      for (path, address) in zip(moving, addresses) {
        guard let row = try fleet.registry.symmetricDevice(address), row.current.scheme != target else { continue }
        guard target != .derivedKey || row.current.scheme == .sharedKey else { continue }
        let old = "\(path).\(target)"
        try FileManager.default.copyItem(atPath: path, toPath: old)
        oldFiles.append(old)
        try fleet.registry.orderMigration(to: target, for: address)
      }
      let hasMoved = try await eventually { try fleet.registry.orders().isEmpty }
      #expect(hasMoved, "moved to \(target)")
    }
    ledger.value.isSending = false
    for thread in sending { while !thread.isFinished { try await Task.sleep(for: .milliseconds(10)) } }
    _ = await eventually { !ledger.value.acknowledged.contains { ledger.value.delivered[$0] == nil } }
    ledger.value.isListening = false
    for thread in listening { while !thread.isFinished { try await Task.sleep(for: .milliseconds(10)) } }
    let end = ledger.value
    #expect(end.faults.isEmpty)
    #expect(end.acknowledged.count > 20)
    #expect(end.acknowledged.filter { end.delivered[$0] == nil }.isEmpty)
    #expect(end.delivered.filter { $0.value > 1 }.isEmpty)

    for path in moving {
      #expect(try AnyDevice(opening: path).scheme == .certified)
      _ = try AnyDevice(opening: path).connect(to: endpoint, listens: false)
    }
    #expect(oldFiles.count == 8)
    for path in oldFiles {
      let old = try AnyDevice(opening: path)
      // There is no key left under which anything could be said.
      #expect(throws: DeviceHostError.hungUp(endpoint: endpoint.description), "\(path)") {
        try old.connect(to: endpoint, listens: false)
      }
    }
    await server.shutDown()
  }

  @Test(
    "Devices with a key pair, by every handshake: messages, and a rotation",
    arguments: [
      SchemeID.certified, .registered, .compactKK, .hybridIKpsk2,
    ])
  func keyPairs(scheme: SchemeID) async throws {
    let fleet = try TestFleet()
    let server = try fleet.server()
    let endpoint = try await endpoint(server)
    let store = try DeviceStore(opening: try keyFile(1, scheme, fleet))
    let other = try AnyDevice(opening: try keyFile(2, .certified, fleet))
    for generation: Generation in 1...3 {
      let client = try DeviceClient.connect(store, to: endpoint, listens: false)
      let delivery = try client.send([1], to: try other.address, id: try client.nextMessageID())
      #expect(delivery.outcome == .stored && delivery.route == .mailbox)
      if scheme == .compactKK { #expect(client.handshakeLengths == (51, 48)) }
      if scheme == .hybridIKpsk2 { #expect(client.handshakeLengths == (97, 48)) }
      let rotation = try DeviceClient.rotate(store, at: endpoint)
      #expect(rotation.after == generation + 1)
      // The old key serves until a session has emptied the mailbox.
      let listener = try DeviceClient.connect(store, to: endpoint, listens: true)
      while !listener.isCaughtUp { _ = try listener.receive(timeout: patience) }
    }
    if scheme == .hybridIKpsk2 {
      let address = try store.read { $0.address }
      #expect(try fleet.registry.device(address)?.floor == .hybrid)
      // Without the psk, the key pair alone is worth nothing any more, in this scheme or in a weaker one.
      let psks = try SymmetricStore(opening: DeviceClient.pskPath(for: store.path))
      #expect(try psks.read { $0.generation } == 4)
      for weaker: UInt8 in [SchemeID.certified.rawValue, SchemeID.compactKK.rawValue] {
        let copy = try Self.copy(store.path, scheme: weaker)
        #expect(throws: DeviceHostError.refused(endpoint: endpoint.description, .belowFloor)) {
          try DeviceClient.connect(copy, to: endpoint, listens: false)
        }
      }
    }
    await server.shutDown()
  }

  /// The same device file with another scheme in it.
  private static func copy(_ path: String, scheme: UInt8) throws -> DeviceStore {
    var content = Array(try Data(contentsOf: URL(fileURLWithPath: path)).dropLast(32))
    content[5] = scheme
    var digest = [UInt8](repeating: 0, count: 32)
    var span = digest.mutableBytes
    Hash.SHA256.hash(content.bytes, into: &span)
    let file = content + digest
    let copy = "\(path).\(scheme)"
    try DeviceStore.create(copy) { identity throws(DeviceError) in try identity.load(file.bytes) }
    return try DeviceStore(opening: copy)
  }

  @Test("A certified successor that the server does not know does not lock the device out")
  func foreignSuccessor() async throws {
    let fleet = try TestFleet()
    let server = try fleet.server()
    let endpoint = try await endpoint(server)
    let path = try symmetricFile(1, .derivedKey, fleet)
    // Certified by a registry that is gone.
    let lost = SimulatedDevice()
    let address = DeviceAddress(system: fleet.alpha, device: DeviceID(1))
    lost.identity.create(
      address: address, anchor: fleet.authority.issuerKey, serverKey: fleet.authority.serverKey.publicKey, epoch: 1)
    try lost.identity.install(
      fleet.authority.issuer.certificate(
        for: lost.identity.renewalKey!, system: address.system, device: address.device, generation: 2,
        lastEpoch: 9))
    lost.store()
    let flash = lost.flash
    try DeviceStore.create(path + ".next") { identity throws(DeviceError) in try identity.load(flash.bytes) }
    let device = try AnyDevice(opening: path)
    _ = try device.connect(to: endpoint, listens: false)
    #expect(device.isSymmetric)
    try fleet.registry.orderMigration(to: .certified, for: try device.address)
    let session = try device.connect(to: endpoint, listens: true)
    let inbox = try Inbox(path: path + ".inbox")
    _ = try session.receiveMessage(inbox: inbox, timeout: patience) { _ in }
    _ = try device.connect(to: endpoint, listens: false)
    #expect(!device.isSymmetric)
    #expect(try fleet.registry.symmetricDevice(try device.address)?.isRetired == true)
    #expect(!FileManager.default.fileExists(atPath: path + ".next"))
    await server.shutDown()
  }

  @Test("A device with a key pair takes nothing in the open, and sends nothing so, unless it is allowed")
  func noDowngrade() async throws {
    let fleet = try TestFleet()
    let server = try fleet.server()
    let endpoint = try await endpoint(server)
    let symmetric = try AnyDevice(opening: try symmetricFile(1, .derivedKeyEphemeral, fleet))
    let certified = try AnyDevice(opening: try keyFile(2, .certified, fleet))
    let inbox = try Inbox(path: certified.path + ".inbox")

    let sender = try symmetric.connect(to: endpoint, listens: false)
    let sent = try sender.send([1], to: try certified.address, id: try symmetric.nextMessageID(), timeout: patience)
    #expect(sent.route == .hopByHop)
    let strict = try certified.connect(to: endpoint, listens: true)
    let refused = Locked<[DeviceError]>([])
    strict.onRefusedMessage = { refused.value.append($1) }
    let isRefused = try await eventually {
      let isDelivered = try strict.receiveMessage(inbox: inbox, timeout: .milliseconds(100)) { _ in }
      #expect(!isDelivered)
      return !refused.value.isEmpty
    }
    #expect(isRefused && refused.value == [.notSealed])
    #expect(throws: DeviceHostError.unsealable(try symmetric.address)) {
      try strict.send([2], to: try symmetric.address, id: try certified.nextMessageID(), timeout: patience)
    }
    // It was not thrown away: who allows it later has it.
    let lenient = try certified.connect(to: endpoint, listens: true, allowsHopByHop: true)
    let got = Locked<[ReceivedMessage]>([])
    #expect(try lenient.receiveMessage(inbox: inbox, timeout: patience) { got.value.append($0) })
    #expect(got.value.map(\.route) == [.hopByHop] && got.value.map(\.id) == [sent.id])
    let back = try lenient.send(
      [3], to: try symmetric.address, id: try certified.nextMessageID(), timeout: patience)
    #expect(back.route == .hopByHop)
    await server.shutDown()
  }
}
