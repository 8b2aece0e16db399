// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import DeviceHost
import CountersignCrypto
import Keyring
import Records
import Schemes
import Wire

/// A device that leaves messages with the server for others and fetches its own, in any scheme: one with a key of its own seals
/// them; of one without the server reads along.
final class Correspondent {
  private let world: World
  private let index: Int
  /// Where there is a key of its own, the device as its peers see it.
  let peer: Peer?

  init(_ index: Int, in world: World) throws {
    self.world = world
    self.index = index
    peer = world.scheme.row.hasKeyPair ? try world.peer(index) : nil
  }

  var address: DeviceAddress { peer?.identity.address ?? world.memory(index).address }

  var generation: Generation {
    get throws { try peer?.certificate.fields.generation ?? world.memory(index).generation }
  }

  /// The number of a message of this device.
  func number(_ counter: UInt64, generation: Generation? = nil) throws -> MessageID {
    MessageID(UInt64(try generation ?? self.generation) << 48 | counter)
  }

  /// The last number of a generation.
  static let lastNumber: UInt64 = 1 << 48 - 1

  /// The device changes its key, and uses the next one once.
  func rotate() throws {
    if let peer { try world.rotate(peer) } else { _ = try world.rotate(index) }
  }

  /// Opens a session with the server.
  func open(listens: Bool = false) throws -> OpenSession {
    if let peer {
      var memory = try world.memory(of: peer)
      return try OpenSession(
        &memory, epoch: world.epoch, at: world.gate, hello: peer.identity.hello(listens: listens))
    }
    var memory = world.memory(index)
    // Where a counter tells sessions apart, the device's next one follows, whoever opened this one.
    defer { world.setMemory(memory, of: index) }
    return try OpenSession(
      &memory, epoch: world.epoch, at: world.gate,
      hello: DeviceRecord.Hello(
        listens: listens, epoch: memory.epoch, revocationSequence: 0, knowsRotations: true))
  }

  /// What leaves `text` with the server for `other`.
  func letter(_ text: [UInt8], _ id: MessageID, to other: Correspondent) throws -> [UInt8] {
    guard let peer, let recipient = try other.peer?.certificate else {
      return encoded(.open(to: other.address, id: id, text.bytes))
    }
    var sealed = [UInt8](repeating: 0, count: text.count + SealedMessage.overhead)
    var span = sealed.mutableBytes
    let length = try peer.identity.seal(text.bytes, id: id, to: recipient, into: &span)
    return encoded(
      .deposit(
        to: other.address, generation: recipient.fields.generation, id: id, sealed.bytes.extracting(0..<length)))
  }

  /// Leaves `text` with the server for `other`, and returns what the server said.
  func post(_ text: [UInt8], _ id: MessageID, to other: Correspondent) throws -> Receipt {
    let session = try open()
    defer { session.end() }
    let answers = try session.ask(try letter(text, id, to: other))
    guard let receipt = try Receipt.read(answers).first else {
      throw LaboratoryError.noAnswer(session.line.refusal ?? "")
    }
    return receipt
  }

  /// Fetches what waits, after everything else that the server tells, and confirms it.
  func fetch() throws -> [ReceivedMessage] {
    let session = try open(listens: true)
    defer { session.end() }
    var messages: [ReceivedMessage] = []
    for record in session.first {
      switch try ServerRecord(decoding: record.bytes) {
      case .mail(let sender, let id, let sealed):
        messages.append(try openMail(from: sender, id, sealed))
      case .open(let sender, let id, let body):
        messages.append(
          ReceivedMessage(
            from: sender, generation: id.generation, id: id, route: .hopByHop, body: [UInt8](copying: body)))
      case let other:
        if let peer, let slot = peer.identity.slotForSession() { _ = try peer.identity.receive(other, over: slot) }
      }
    }
    for message in messages { _ = try session.ask(encoded(.delivered(from: message.from, id: message.id))) }
    return messages
  }

  private func openMail(from sender: DeviceAddress, _ id: MessageID, _ sealed: RawSpan) throws -> ReceivedMessage {
    guard let peer else { throw LaboratoryError.nothingToShow }
    var text = [UInt8](repeating: 0, count: sealed.byteCount)
    var span = text.mutableBytes
    let opened = try peer.identity.open(sealed, from: sender, into: &span)
    return ReceivedMessage(
      from: sender, generation: opened.certificate.fields.generation, id: id, route: .mailbox,
      body: Array(text[..<opened.textLength]))
  }
}

/// What the server says of a message that is left with it.
enum Receipt: Equatable {
  case stored
  case refused(ServerRecord.Refusal)

  var words: String {
    switch self {
    case .stored: "stored"
    case .refused(let refusal): "refused, \(refusal)"
    }
  }

  /// The receipts among records of the server.
  static func read(_ records: [[UInt8]]) throws -> [Receipt] {
    try records.compactMap { record in
      switch try ServerRecord(decoding: record.bytes) {
      case .accepted: .stored
      case .refused(_, let refusal): .refused(refusal)
      default: nil
      }
    }
  }
}

extension World {
  /// What a peer keeps, as the handshakes with the server need it.
  func memory(of peer: Peer) throws -> DeviceMemory {
    let certificate = try peer.certificate
    let address = peer.identity.address
    var memory = DeviceMemory(
      scheme: scheme, address: address, generation: certificate.fields.generation,
      serverKey: authority.serverKey.publicKey, issuerKey: authority.issuerKey,
      masterKey: authority.identityMaster.publicKey)
    memory.certificate = certificate
    memory.privateKey =
      peer.identity.slotForSession() == .b
      ? keyBytes(of: peer.identity.slotB.key) : keyBytes(of: peer.identity.slotA.key)
    if scheme.row.derivation != .none {
      memory.symmetricKey = try Derivation.device(
        address, generation: certificate.fields.generation, master: keyBytes(of: authority.derivationMaster))
    }
    return memory
  }
}
