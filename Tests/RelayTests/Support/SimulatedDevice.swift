// SPDX-License-Identifier: Apache-2.0

import Credentials
import Datagrams
import Device
import Foundation
import CountersignCrypto
import Records
import Schemes
import Wire

@testable import Relay

/// A device: memory that is lost when power fails, flash that stays, and a link to the server frame by frame.
final class SimulatedDevice {
  var identity = DeviceIdentity()
  private(set) var flash = [UInt8](repeating: 0, count: DeviceIdentity.encodedLength)
  /// Every content that flash has had.
  private(set) var flashes: [[UInt8]] = []
  private var link = ServerLink(scheme: .certified)
  /// The derived keys beside its own, in a scheme that has them.
  var psks = SymmetricIdentity()
  private(set) var connection: LoopbackConnection?
  /// Texts that the application has had, by number: a set, as the device's inbox is.
  private(set) var inbox: [MessageID: [UInt8]] = [:]
  private(set) var duplicates = 0
  /// Frames of conversations that arrived.
  private(set) var frames: [[UInt8]] = []
  /// What the server said in this session, in words.
  private(set) var heard: [String] = []
  /// The same, byte for byte.
  private(set) var records: [[UInt8]] = []
  /// Why the server refused the key that was shown last, by its own word; nil when it did not.
  private(set) var told: SessionRefusal?

  var address: DeviceAddress { identity.address }
  var generation: Generation { identity.certificate?.fields.generation ?? 0 }

  func store() {
    guard identity.isDirty else { return }
    var content = flash
    var span = content.mutableBytes
    identity.encode(into: &span)
    flash = content
    flashes.append(content)
    identity.markStored()
  }

  /// Makes this the content of flash.
  func keep(_ content: [UInt8]) { flash = content }

  /// Power fails and comes back.
  func restart() throws {
    disconnect()
    let content = flash
    try identity.load(content.bytes)
  }

  func disconnect() {
    connection?.cut()
    connection = nil
  }

  /// The first frame of a session on `connection`, not sent.
  func firstFrame(on connection: LoopbackConnection, fallingBack: Bool = false) throws -> [UInt8] {
    self.connection = connection
    heard = []
    records = []
    told = nil
    link = ServerLink(scheme: identity.scheme)
    // Of a device that has one key and one beside it.
    if identity.scheme.row.hasKeyBeside { try link.setPSK(psks.slotA.key) }
    var frame = [UInt8](repeating: 0, count: 512)
    var span = frame.mutableBytes
    let length = try link.writeHello(identity, fallingBack: fallingBack, into: &span)
    return Array(frame[..<length])
  }

  func readReply(_ frame: [UInt8]) throws {
    do { try link.readReply(frame.bytes) } catch {
      if case .refused(let reason) = error {
        told = reason
        throw Refused(reason: connection?.closeReason)
      }
      throw error
    }
  }

  /// Gives datagrams the keys that follow from the session's.
  func secure(_ caller: DatagramCaller) { link.withExport { caller.secure(with: $0) } }

  /// Lends what the session exports.
  func withExport<Result>(_ body: (borrowing SecretBytes<32>) throws -> Result) throws -> Result {
    try link.withExport(body)
  }

  /// How many wake-ups the server allowed when it suspended this session; nil when it did not.
  var suspended: Int? {
    heard.last { $0.hasPrefix("suspended-") }.flatMap { Int($0.dropFirst("suspended-".count)) }
  }

  func seal(_ record: DeviceRecord) throws -> [UInt8] {
    var frame = [UInt8](repeating: 0, count: Framing.maximumFrameLength)
    var span = frame.mutableBytes
    let length = try link.seal(record, into: &span)
    return Array(frame[..<length])
  }

  /// The proof of the key that waits for its certificate, and that key.
  func proof() throws -> (proof: Bytes<16>?, key: X25519.PublicKey) {
    guard let key = identity.renewalKey else { throw DeviceError.noUsableKey }
    return (try link.proof(of: key, identity), key)
  }

  /// What a frame of the server led to.
  struct Reaction {
    /// Frames to send once the identity is stored.
    var frames: [[UInt8]] = []
    var mustReconnect = false
  }

  /// Opens a frame and obeys it, in memory only: the caller stores, or lets the power fail before.
  func receive(_ frame: [UInt8]) throws -> Reaction {
    var frame = frame
    var span = frame.mutableBytes
    let record = try link.open(&span)
    heard.append(record.word)
    var bytes = [UInt8](repeating: 0, count: record.encodedLength)
    var place = bytes.mutableBytes
    _ = record.encode(into: &place)
    records.append(bytes)
    if case .turnedAway(let reason) = record { told = reason }
    var reaction = Reaction()
    switch try identity.receive(record, over: link.slot!) {
    case .none: break
    case .renew(let key): reaction.frames.append(try seal(link.renewal(of: key, identity)))
    case .request(let point): reaction.frames.append(try seal(.request(point)))
    case .reconnect: reaction.mustReconnect = true
    }
    if case .frame(_, _, let body) = record { frames.append([UInt8](copying: body)) }
    if case .open(let sender, let id, let text) = record {
      if inbox[id] != nil { duplicates += 1 }
      inbox[id] = [UInt8](copying: text)
      reaction.frames.append(try seal(.delivered(from: sender, id: id)))
    }
    if case .mail(let sender, let id, let sealed) = record {
      var text = [UInt8](repeating: 0, count: sealed.byteCount)
      var place = text.mutableBytes
      let opened = try identity.open(sealed, from: sender, into: &place)
      if inbox[id] != nil { duplicates += 1 }
      inbox[id] = Array(text[..<opened.textLength])
      reaction.frames.append(try seal(.delivered(from: sender, id: id)))
    }
    return reaction
  }
}

extension SimulatedDevice {
  /// Connects and obeys everything until nothing moves; reconnects when the server's certificate asks for it.
  func run(in fleet: TestFleet, listens: Bool = true, fallingBack: Bool = false) throws {
    disconnect()
    let connection = fleet.connect()
    connection.arrive(try firstFrame(on: connection, fallingBack: fallingBack))
    guard let reply = connection.takeFrames().first else { throw Refused(reason: connection.closeReason) }
    try readReply(reply)
    connection.arrive(try seal(.hello(identity.hello(listens: listens))))
    if try pump(fleet) { try run(in: fleet, listens: listens) }
    guard self.connection?.isOpen == true else { throw Refused(reason: self.connection?.closeReason) }
  }

  struct Refused: Error, Equatable { let reason: CloseReason? }

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

  func send(_ record: DeviceRecord, in fleet: TestFleet) throws {
    connection?.arrive(try seal(record))
    fleet.settle()
  }

  /// Seals a text to `recipient` and leaves it in the mailbox; returns what the server said.
  @discardableResult
  func deposit(
    _ text: [UInt8], to recipient: Certificate, id: MessageID? = nil, in fleet: TestFleet
  ) throws -> (id: MessageID, answer: String?) {
    let id = try id ?? identity.nextMessageID()
    store()
    var sealed = [UInt8](repeating: 0, count: text.count + SealedMessage.overhead)
    var span = sealed.mutableBytes
    let length = try identity.seal(text.bytes, id: id, to: recipient, into: &span)
    let before = heard.count
    try send(
      .deposit(
        to: recipient.fields.address, generation: recipient.fields.generation, id: id,
        sealed.bytes.extracting(0..<length)), in: fleet)
    try pump(fleet)
    return (id, heard[before...].last { $0.hasPrefix("accepted") || $0.hasPrefix("refused") })
  }
}

extension ServerRecord {
  /// The record in a word, for comparing orders of events.
  var word: String {
    switch self {
    case .welcome(_, let onlyRenew, let statement):
      onlyRenew ? "welcome-only-renew" : "welcome-\(statement.content.epoch)"
    case .frame(_, _, let body): "frame-\(body.byteCount)"
    case .peer(_, let presence, let certificate): "peer-\(presence)-\(certificate?.fields.generation ?? 0)"
    case .accepted: "accepted"
    case .refused(_, let refusal): "refused-\(refusal)"
    case .mail: "mail"
    case .certificate(let certificate): "certificate-\(certificate.fields.generation)"
    case .credential(let answer): "credential-\(answer.credential.fields.generation)"
    case .rotate: "rotate"
    case .revocation(let statement): "revocation-\(statement.content.device.rawValue)"
    case .policy: "policy"
    case .epoch(let statement): "epoch-\(statement.content.epoch)"
    case .caughtUp: "caughtUp"
    case .pong: "pong"
    case .unreachable: "unreachable"
    case .open: "open"
    case .key(let scheme, let generation, _): "key-\(scheme)-\(generation)"
    case .migrate(let scheme, _, _, _): "migrate-\(scheme)"
    case .keyRefused(let reason, let seconds): "key-refused-\(reason)-\(seconds)"
    case .rotation(let statement): "rotation-\(statement.content.device.rawValue)-\(statement.content.generation)"
    case .suspended(let wakeUps, _, _): "suspended-\(wakeUps)"
    case .turnedAway(let reason): "turned-away-\(reason.rawValue)"
    case .channel(let notice): notice.word
    case .queue(let notice): notice.word
    }
  }
}

extension ChannelNotice {
  fileprivate var word: String {
    switch self {
    case .application(let isDefault, let certificate, let name):
      "application-\(String(decoding: [UInt8](copying: name), as: UTF8.self))-\(certificate.fields.generation)"
        + (isDefault ? "-default" : "")
    case .channelRefused(_, let reason): "channel-refused-\(reason)"
    case .later(_, let seconds): "later-\(seconds)"
    case .done(let id): "done-\(id.counter)"
    case .request(let request, _): "request-\(request.request)"
    }
  }
}

extension QueueNotice {
  fileprivate var word: String {
    switch self {
    case .opening(let device, _, _, let opening): "opening-\(device.device.rawValue)-\(opening.byteCount)"
    case .report(let report, _): "report-\(report.device.device.rawValue)-\(report.sequence)-\(report.attempt)"
    case .requestState(let id, let state): "request-\(id)-\(state)"
    case .presence(let device, let event, _): "\(event)-\(device.device.rawValue)"
    }
  }
}
