// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import Keyring
import Noise
import CountersignCrypto
import Records
import Registry
import Schemes
import Wire

@testable import Relay

/// A device that begins without a key pair and may be moved to one: its identity, the one to come, their flash memories, and a
/// link to the server frame by frame.
final class MigratingDevice {
  /// With which of its keys a session is opened.
  enum Choice { case successor, given, active }

  var identity = SymmetricIdentity()
  private(set) var flash: [UInt8]? = [UInt8](repeating: 0, count: SymmetricIdentity.encodedLength)
  /// The device that it becomes, in a place of its own until it has been used.
  private(set) var successor: SimulatedDevice?
  /// Whether the successor has reached its flash memory.
  private var isSuccessorStored = false
  private var isSuccessorUsed = false
  private var choice = Choice.active
  private var slot = SlotName.a
  private var link = SymmetricLink()
  private(set) var connection: LoopbackConnection?
  private var ownInbox: [MessageID: [UInt8]] = [:]
  private(set) var heard: [String] = []
  private var ownTold: SessionRefusal?
  /// Why the server refused the key that was shown last, by its own word; nil when it did not.
  var told: SessionRefusal? { choice == .successor ? successor?.told : ownTold }

  let address: DeviceAddress

  init(_ address: DeviceAddress) { self.address = address }

  var inbox: [MessageID: [UInt8]] { ownInbox.merging(successor?.inbox ?? [:]) { $1 } }

  /// The scheme it would use now.
  var scheme: SchemeID { flash == nil ? successor?.identity.scheme ?? .certified : identity.scheme }

  var generation: Generation { flash == nil ? successor?.generation ?? 0 : identity.generation }

  /// The key in use, as it lies in the flash memory.
  var activeKey: [UInt8] {
    let start = identity.slotA.state == .active ? 32 : 32 + 72
    return Array(flash![start + 8..<start + 40])
  }

  func store() {
    successor?.store()
    if successor != nil { isSuccessorStored = true }
    // The old file goes when the new one has been used.
    if isSuccessorUsed { flash = nil }
    guard flash != nil, identity.isDirty else { return }
    var content = [UInt8](repeating: 0, count: SymmetricIdentity.encodedLength)
    var span = content.mutableBytes
    identity.encode(into: &span)
    flash = content
    identity.markStored()
  }

  /// Power fails and comes back.
  func restart() throws {
    connection?.cut()
    connection = nil
    isSuccessorUsed = false
    if !isSuccessorStored { successor = nil }
    try successor?.restart()
    if let flash { try identity.load(flash.bytes) }
  }

  /// The keys to try, the best one first.
  var choices: [Choice] {
    var choices: [Choice] = []
    if successor?.identity.certificate != nil { choices.append(.successor) }
    guard flash != nil else { return choices }
    if identity.slotForSession() != identity.slotForSession(fallingBack: true) { choices.append(.given) }
    return choices + [.active]
  }

  /// The first frame of a session, not sent; the device is stored as it asks for.
  func firstFrame(_ choice: Choice, on connection: LoopbackConnection) throws -> [UInt8] {
    self.connection = connection
    self.choice = choice
    heard = []
    ownTold = nil
    if choice == .successor { return try successor!.firstFrame(on: connection) }
    slot = identity.slotForSession(fallingBack: choice == .active)!
    try identity.beginSession(with: slot)
    store()
    var frame = [UInt8](repeating: 0, count: 128)
    var span = frame.mutableBytes
    link = SymmetricLink()
    let length = try link.writeHello(identity, with: slot, into: &span)
    return Array(frame[..<length])
  }

  func readReply(_ frame: [UInt8]) throws {
    if choice == .successor { return try successor!.readReply(frame) }
    do { try link.readReply(frame.bytes) } catch {
      if case .refused(let reason) = error {
        ownTold = reason
        throw SimulatedDevice.Refused(reason: connection?.closeReason)
      }
      throw error
    }
  }

  func hello(listens: Bool = true) throws -> [UInt8] {
    choice == .successor
      ? try successor!.seal(.hello(successor!.identity.hello(listens: listens)))
      : try seal(.hello(identity.hello(listens: listens)))
  }

  func seal(_ record: DeviceRecord) throws -> [UInt8] {
    if choice == .successor { return try successor!.seal(record) }
    var frame = [UInt8](repeating: 0, count: record.encodedLength + tagLength)
    var span = frame.mutableBytes
    _ = try link.seal(record, into: &span)
    return frame
  }

  /// Opens a frame and obeys it, in memory only: the caller stores, or lets the power fail before.
  func receive(_ frame: [UInt8]) throws -> SimulatedDevice.Reaction {
    if choice == .successor {
      let reaction = try successor!.receive(frame)
      heard = successor!.heard
      if flash != nil, heard.last?.hasPrefix("welcome") == true { isSuccessorUsed = true }
      return reaction
    }
    var frame = frame
    var span = frame.mutableBytes
    let record = try link.open(&span)
    heard.append(record.word)
    if case .turnedAway(let reason) = record { ownTold = reason }
    var reaction = SimulatedDevice.Reaction()
    switch record {
    case .migrate(let scheme, let epoch, let serverKey, let anchor):
      if successor == nil {
        successor = SimulatedDevice()
        successor!.identity.create(
          address: address, anchor: anchor, serverKey: serverKey, epoch: epoch, scheme: scheme)
      }
      if let key = successor!.identity.renewalKey { reaction.frames.append(try seal(.renew(key))) }
    case .key(let scheme, let generation, let psk) where scheme.row.hasKeyBeside:
      let psk = [UInt8](copying: psk)
      try successor!.psks.create(
        address: address, epoch: 1, scheme: scheme, generation: generation, key: psk.bytes)
    case .certificate(let certificate):
      try successor!.identity.install(certificate)
      reaction.mustReconnect = true
    case .open(let sender, let id, let text):
      ownInbox[id] = [UInt8](copying: text)
      reaction.frames.append(try seal(.delivered(from: sender, id: id)))
    default:
      reaction.mustReconnect = try identity.receive(record, over: slot) == .reconnect
    }
    return reaction
  }
}

extension MigratingDevice {
  /// Connects with its best key, or, where the server refuses that by its own word, with the next; obeys everything until nothing
  /// moves, and connects again when that asks for it.
  func run(in fleet: TestFleet, listens: Bool = true) throws {
    for choice in choices {
      connection?.cut()
      let connection = fleet.connect()
      connection.arrive(try firstFrame(choice, on: connection))
      guard let reply = connection.takeFrames().first else { break }
      do { try readReply(reply) } catch is SimulatedDevice.Refused { continue }
      connection.arrive(try hello(listens: listens))
      if try pump(fleet) { try run(in: fleet, listens: listens) }
      if self.connection?.isOpen == true { return }
      if told == nil { break }
    }
    throw SimulatedDevice.Refused(reason: connection?.closeReason)
  }

  /// Takes what the server has sent and answers, until nothing comes; true when a new session is called for.
  @discardableResult
  func pump(_ fleet: TestFleet) throws -> Bool {
    fleet.settle()
    while let frames = connection?.takeFrames(), !frames.isEmpty {
      for frame in frames {
        let reaction = try receive(frame)
        store()
        for frame in reaction.frames { connection?.arrive(frame) }
        if reaction.mustReconnect { return true }
      }
      fleet.settle()
    }
    return false
  }

  /// Sends a message that the server can read; returns what it said.
  @discardableResult
  func send(_ text: [UInt8], to recipient: DeviceAddress, in fleet: TestFleet) throws -> (
    id: MessageID, answer: String?
  ) {
    let id = choice == .successor ? try successor!.identity.nextMessageID() : try identity.nextMessageID()
    store()
    let before = heard.count
    connection?.arrive(try seal(.open(to: recipient, id: id, text.bytes)))
    try pump(fleet)
    return (id, heard.dropFirst(before).last { $0.hasPrefix("accepted") || $0.hasPrefix("refused") })
  }
}

extension TestFleet {
  /// A device without a key pair, and its flash memory.
  func symmetricDevice(_ id: UInt64, _ scheme: SchemeID, in system: SystemID? = nil) throws -> MigratingDevice {
    let address = DeviceAddress(system: system ?? alpha, device: DeviceID(id))
    let row = try registry.addSymmetricDevice(address, scheme: scheme, authority: authority)
    let key = try authority.encodeKey(row.current, of: address)
    let device = MigratingDevice(address)
    try device.identity.create(
      address: address, epoch: row.toldEpoch, scheme: scheme, generation: row.generation, key: key.bytes)
    device.store()
    return device
  }
}
