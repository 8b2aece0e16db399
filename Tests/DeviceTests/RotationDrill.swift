// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import FleetSupport
import Noise
import CountersignCrypto
import Records
import Schemes
import Wire

/// A device that changes its key while power fails, or messages are lost, at chosen steps.
///
/// Every write to flash and every message is two steps, before and after: a fault before a message loses it, one after it
/// loses what would have followed.
final class RotationDrill {
  enum Fault: CaseIterable {
    /// The device forgets all but its flash.
    case powerCut
    /// The connection ends; the device goes on with what it knows.
    case connectionLost
  }

  struct Interruption: Error {}

  let device: TestDevice
  let server: SimulatedServer
  /// Faults still to come, by step.
  private var faults: [Int: Fault]
  private(set) var steps = 0
  /// Sessions that the server welcomed.
  private(set) var welcomes = 0
  /// What was read out of the mailbox.
  private(set) var texts: [String] = []

  init(faults: [Int: Fault], ordered: Bool, scheme: SchemeID = .certified) throws {
    self.faults = faults
    let authority = try Authority()
    device = try authority.device(0xA, lastEpoch: 100, scheme: scheme)
    let sender = try authority.device(0xB, lastEpoch: 100)
    server = SimulatedServer(authority, device, mailFrom: sender.address)
    server.ordersRotation = ordered
    // Sealed to the key that is about to go.
    let text = Array("to the old key".utf8)
    var mail = [UInt8](repeating: 0, count: text.count + SealedMessage.overhead)
    var span = mail.mutableBytes
    _ = try sender.identity.seal(text.bytes, id: MessageID(1), to: device.certificate, into: &span)
    server.mail = mail
    if !ordered {
      try device.identity.beginRotation()
      device.save()
    }
  }

  /// Whether the device has one key, the server knows it as the one in use, and nothing is left to do.
  var isDone: Bool {
    let states = [device.identity.slotA.state, device.identity.slotB.state]
    return states.contains(.active) && states.contains(.empty) && server.next == nil && server.mail == nil
      && device.certificate.publicKey == server.current.key && server.current.generation > 1
  }

  private func step() throws {
    defer { steps += 1 }
    guard let fault = faults.removeValue(forKey: steps) else { return }
    if fault == .powerCut { try device.reboot() }
    throw Interruption()
  }

  /// One attempt to connect, with the fall-back to the active key that a refusal asks for, and the session that follows.
  func connect() throws {
    guard try session(fallingBack: false) else { return }
    guard device.identity.slotForSession() != device.identity.slotForSession(fallingBack: true) else { return }
    _ = try session(fallingBack: true)
  }

  /// Whether the server refused the key.
  private func session(fallingBack: Bool) throws -> Bool {
    var link = ServerLink(scheme: device.identity.scheme)
    var buffer = [UInt8](repeating: 0, count: 256)
    var span = buffer.mutableBytes
    try device.identity.prepareSession(fallingBack: fallingBack)
    let length = try link.writeHello(device.identity, fallingBack: fallingBack, into: &span)
    try step()
    guard let reply = server.answer(Array(buffer[..<length])) else { return false }
    try step()
    do { try link.readReply(reply.bytes) } catch {
      guard case .refused = error else { throw error }
      return true
    }
    var inbox = try send(.hello(device.identity.hello(listens: true)), &link)
    while !inbox.isEmpty {
      try step()
      var frame = inbox.removeFirst()
      var span = frame.mutableBytes
      let record = try link.open(&span)
      switch record {
      case .mail(let from, let id, let sealed):
        var text = [UInt8](repeating: 0, count: sealed.byteCount)
        var place = text.mutableBytes
        let opened = try device.identity.open(sealed, from: from, into: &place)
        texts.append(String(decoding: text[..<opened.textLength], as: UTF8.self))
        inbox += try send(.delivered(from: from, id: id), &link)
      default:
        if case .welcome = record { welcomes += 1 }
        let order = try device.identity.receive(record, over: link.slot ?? .a)
        try store()
        switch order {
        case .none: break
        case .renew(let key): inbox += try send(.renew(key), &link)
        case .request(let point): inbox += try send(.request(point), &link)
        case .reconnect: return false
        }
      }
    }
    return false
  }

  /// Writes what has changed to flash, which a lost connection does not keep a device from: nothing may follow from a change
  /// that is not stored, the next session least of all.
  private func store() throws {
    guard device.identity.isDirty else { return }
    do { try step() } catch {
      device.saveIfDirty()
      throw error
    }
    device.save()
    try step()
  }

  private func send(_ record: borrowing DeviceRecord, _ link: inout ServerLink) throws -> [[UInt8]] {
    var frame = [UInt8](repeating: 0, count: 256)
    var span = frame.mutableBytes
    let length = try link.seal(record, into: &span)
    try step()
    let answers = try server.receive(Array(frame[..<length]))
    try step()
    return answers
  }
}
