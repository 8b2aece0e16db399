// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import CountersignCrypto
import Schemes
import Wire

/// The handshake of a device with a key pair.
extension DeviceClient {
  /// Sends the first frame, reads the answer, and puts the session's keys in place.
  func shakeHands(fallingBack: Bool, timeout: Duration) throws(DeviceHostError) {
    if try store.read({ $0.scheme.row.hasKeyBeside }) { try givePSK(fallingBack) }
    var frame = [UInt8](repeating: 0, count: Initiator.maximumHelloLength)
    let length = try store.read { identity throws(DeviceError) in
      var span = frame.mutableBytes
      return try link.writeHello(identity, fallingBack: fallingBack, into: &span)
    }
    let reply = try exchange(frame, length, timeout)
    do { try link.readReply(reply.bytes) } catch { throw DeviceHostError(answer: error, of: endpoint) }
    guard link.hasLastMessage else {
      link.withExport { socket.secure(with: $0) }
      return
    }
    let lastLength = try store.read { identity throws(DeviceError) in
      var span = frame.mutableBytes
      return try link.writeLast(identity, into: &span)
    }
    try socket.send(frame, count: lastLength)
  }

  /// Gives the link the derived key that belongs to the key of this session.
  private func givePSK(_ fallingBack: Bool) throws(DeviceHostError) {
    let slot = try store.read { $0.slotForSession(fallingBack: fallingBack) }
    let generation = try store.read { slot == .b ? $0.slotB.generation : $0.slotA.generation }
    try openPSKs().read { identity throws(DeviceError) in
      switch identity.slot(of: generation) {
      case .a: try link.setPSK(identity.slotA.key)
      case .b: try link.setPSK(identity.slotB.key)
      case nil: throw .noUsableKey
      }
    }
  }

  private func exchange(_ frame: [UInt8], _ length: Int, _ timeout: Duration) throws(DeviceHostError) -> [UInt8] {
    try socket.send(frame, count: length)
    let reply: [UInt8]?
    do throws(DeviceHostError) { reply = try socket.receive(timeout: timeout) } catch {
      throw error == FrameSocket.closed ? .hungUp(endpoint: endpoint.description) : error
    }
    guard let reply else { throw .timedOut(waitingFor: "the server's answer") }
    guard !Framing.isTryLater(reply.bytes) else { throw .tryLater(endpoint: endpoint.description) }
    handshakeLengths = (length, reply.count)
    return reply
  }

  // MARK: Derived keys beside the key pair

  /// Where the psks of a device file are. A successor's are where they belong once it has taken the device's name.
  public static func pskPath(for path: String) -> String {
    let next = SymmetricClient.successorPath(for: "")
    return (path.hasSuffix(next) ? String(path.dropLast(next.count)) : path) + ".psk"
  }

  private func openPSKs() throws(DeviceHostError) -> SymmetricStore {
    if let psks {
      try psks.refresh()
      return psks
    }
    let psks = try SymmetricStore(opening: Self.pskPath(for: store.path))
    self.psks = psks
    return psks
  }

  /// Stores the psk of a certificate that comes next.
  func takePSK(_ psk: RawSpan, _ generation: Generation) throws(DeviceHostError) {
    guard let psks else { return }
    try psks.update { identity throws(DeviceError) in try identity.takePSK(psk, generation: generation) }
  }

  /// The server has welcomed the key in use: its psk is now in use too.
  func confirmPSK() throws(DeviceHostError) {
    guard let psks, let generation = try store.read({ $0.certificate?.fields.generation }) else { return }
    try psks.update { identity throws(DeviceError) in identity.confirmPSK(generation) }
  }
}
