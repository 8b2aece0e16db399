import Credentials
import Device
import Primitives
import Schemes

/// What an eavesdropper has of a session: its frames, in order.
struct Recording {
  struct Frame {
    let isFromDevice: Bool
    let bytes: [UInt8]
  }

  let scheme: Scheme
  var frames: [Frame] = []

  var hello: [UInt8] { frames.first?.bytes ?? [] }
  var reply: [UInt8] { frames.first { !$0.isFromDevice }?.bytes ?? [] }
  /// What the device sent after its hello.
  var fromDevice: [[UInt8]] { frames.dropFirst().filter(\.isFromDevice).map(\.bytes) }
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
    try client.finish(reply)
    _ = exchange(try client.seal(helloRecord()))
    _ = exchange(try client.seal(textRecord(text)))
    guard line.accepted.contains(Statement(device: memory(index).address, text: text)) else {
      throw LaboratoryError.noAnswer(line.refusal ?? "the text did not arrive")
    }
    (line as? RelayLine)?.cut()
    return recording
  }

  func helloRecord() -> [UInt8] { encoded(.hello(.init(listens: false, epoch: epoch, revocationSequence: 0))) }

  /// A text for nobody: the server reads who said it and finds no recipient.
  func textRecord(_ text: [UInt8]) -> [UInt8] {
    encoded(.frame(to: DeviceAddress(system: system, device: DeviceID(0)), session: 0, text.bytes))
  }

  /// A device changes its key over the network, recorded; the new key is used once, so that the old one is gone. With
  /// `shared-key` nothing changes: a key that all have cannot be changed for one.
  func rotate(_ index: Int) throws -> Recording {
    var recording = Recording(scheme: scheme)
    guard scheme != .sharedKey else { return recording }
    let line = gate.connect()
    let client = try client(index)
    func exchange(_ frame: [UInt8]) -> [[UInt8]] {
      recording.frames.append(.init(isFromDevice: true, bytes: frame))
      let answers = line.send(frame)
      recording.frames += answers.map { .init(isFromDevice: false, bytes: $0) }
      return answers
    }
    guard let reply = exchange(try client.hello()).first else { throw LaboratoryError.noAnswer(line.refusal ?? "") }
    try client.finish(reply)
    for frame in exchange(try client.seal(helloRecord())) { _ = try client.open(frame) }
    let next = [UInt8].random(32)
    let answers = exchange(try client.seal(encoded(.renew(try Derivation.publicKey(next)))))
    guard let answer = answers.first else { throw LaboratoryError.noAnswer(line.refusal ?? "") }
    let record = try client.open(answer)
    var memory = memory(index)
    if scheme.hasOwnKey {
      guard case .certificate(let certificate) = try ServerRecord(decoding: record.bytes) else {
        throw LaboratoryError.noAnswer("no certificate")
      }
      memory.privateKey = next
      memory.certificate = certificate
    } else {
      memory.symmetricKey = Array(record.dropFirst())
      memory.counter = scheme == .derivedKeyRatchet ? 0 : memory.counter
    }
    memory.generation += 1
    try install(memory, at: index)
    (line as? RelayLine)?.cut()
    _ = try session(index)
    return recording
  }
}
