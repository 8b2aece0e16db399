// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import CountersignCrypto
import Records
import Schemes
import Wire

/// What an eavesdropper has of a session: its frames, in order.
struct Recording {
  struct Frame {
    let isFromDevice: Bool
    let bytes: [UInt8]
  }

  let scheme: SchemeID
  var frames: [Frame] = []

  var hello: [UInt8] { frames.first?.bytes ?? [] }
  var reply: [UInt8] { frames.first { !$0.isFromDevice }?.bytes ?? [] }
  /// The handshake's third message, in the schemes that have one.
  var last: [UInt8]? { scheme.row.messageCount == 3 ? frames.filter(\.isFromDevice).dropFirst().first?.bytes : nil }
  /// What the device sent after the handshake.
  var fromDevice: [[UInt8]] {
    frames.filter(\.isFromDevice).dropFirst(scheme.row.messageCount == 3 ? 2 : 1).map(\.bytes)
  }
  /// What the server sent after its reply.
  var fromServer: [[UInt8]] { Array(frames.filter { !$0.isFromDevice }.map(\.bytes).dropFirst()) }

  /// The start of each frame, for evidence.
  var transcript: String {
    frames.map { ($0.isFromDevice ? "device " : "server ") + $0.bytes.digest }.joined(separator: "\n")
  }
}

extension World {
  /// Words that nobody but device and server should read.
  static func secret(_ index: Int) -> [UInt8] { Array("valve \(index) opens at 06:\(10 + index), code 4711".utf8) }

  /// An honest session of a device, recorded: handshake, hello, one text, and what the server answers.
  func session(_ index: Int, on line: (any Line)? = nil) throws -> Recording {
    let text = Self.secret(index)
    let line = line ?? gate.connect()
    var recording = Recording(scheme: scheme)
    let client = try client(index, saying: text)
    func exchange(_ frame: [UInt8]) -> [[UInt8]] {
      recording.frames.append(.init(isFromDevice: true, bytes: frame))
      let answers = line.send(frame)
      recording.frames += answers.map { .init(isFromDevice: false, bytes: $0) }
      return answers
    }
    guard let reply = exchange(try client.hello()).first else { throw LaboratoryError.noAnswer(line.refusal ?? "") }
    try client.finish(reply) { _ = exchange($0) }
    for frame in exchange(try client.seal(helloRecord(index))) { try hear(try client.open(frame), at: index) }
    _ = exchange(try client.seal(textRecord(text)))
    guard line.accepted.contains(HeardText(device: memory(index).address, text: text)) else {
      throw LaboratoryError.noAnswer(line.refusal ?? "the text did not arrive")
    }
    (line as? RelayLine)?.cut()
    return recording
  }

  func helloRecord(_ index: Int, listens: Bool = false) -> [UInt8] {
    encoded(.hello(.init(listens: listens, epoch: memory(index).epoch, revocationSequence: 0)))
  }

  private func hear(_ record: [UInt8], at index: Int) throws {
    if case .welcome(_, _, let statement) = try ServerRecord(decoding: record.bytes) {
      hear(statement.content.epoch, at: index)
    }
  }

  /// A text for nobody: the server reads who said it and finds no recipient.
  func textRecord(_ text: [UInt8]) -> [UInt8] {
    encoded(.frame(to: DeviceAddress(system: system, device: DeviceID(0)), session: 0, text.bytes))
  }

  /// A device changes its key over the network, recorded; the new key is used once, so that the old one is gone.
  func rotate(_ index: Int) throws -> Recording {
    var recording = Recording(scheme: scheme)
    let line = gate.connect()
    let client = try client(index)
    func exchange(_ frame: [UInt8]) -> [[UInt8]] {
      recording.frames.append(.init(isFromDevice: true, bytes: frame))
      let answers = line.send(frame)
      recording.frames += answers.map { .init(isFromDevice: false, bytes: $0) }
      return answers
    }
    guard let reply = exchange(try client.hello()).first else { throw LaboratoryError.noAnswer(line.refusal ?? "") }
    try client.finish(reply) { _ = exchange($0) }
    for frame in exchange(try client.seal(helloRecord(index))) { try hear(try client.open(frame), at: index) }
    let next = [UInt8].random(32)
    var point = IdentityRequest()
    let answers: [[UInt8]]
    if scheme.row.shown == .credential {
      point.generate()
      answers = exchange(try client.seal(encoded(.request(point.point))))
    } else {
      let request = scheme.row.hasKeyPair ? encoded(.renew(try Derivation.publicKey(next))) : encoded(.rekey)
      answers = exchange(try client.seal(request))
    }
    guard !answers.isEmpty else { throw LaboratoryError.noAnswer(line.refusal ?? "") }
    var memory = memory(index)
    for answer in answers {
      let record = try client.open(answer)
      switch try ServerRecord(decoding: record.bytes) {
      case .certificate(let certificate):
        memory.privateKey = next
        memory.certificate = certificate
        memory.generation = certificate.fields.generation
      case .credential(let answer):
        var key = X25519.PrivateKey()
        try point.complete(answer, under: memory.masterKey, into: &key)
        memory.privateKey = keyBytes(of: key)
        memory.certificate = Certificate(answer.credential, publicKey: key.publicKey)
        memory.generation = answer.credential.fields.generation
      case .key(_, let generation, let body):
        let key = [UInt8](copying: body)
        memory.symmetricKey = Array(key.prefix(32))
        if scheme.row.derivation == .ratchet { memory.nameKey = Array(key.dropFirst(32)) }
        memory.generation = generation
        memory.counter = 0
      default: break
      }
    }
    try install(memory, at: index)
    (line as? RelayLine)?.cut()
    _ = try session(index)
    return recording
  }
}
