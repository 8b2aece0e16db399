// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Credentials
import Records
import Wire
import Device
import DeviceHost
import FleetSupport
import Foundation
import Schemes
import Testing

/// Somebody at the server's address who has not the server's key: takes first frames, and says to each the same.
private final class Impostor {
  let endpoint: Endpoint
  private let listener: FrameListener
  private let lock = NSLock()
  private var frames: [[UInt8]] = []
  private var isOver = false
  private let ended = DispatchSemaphore(value: 0)

  /// - Parameter answer: the frame that answers every first frame; nil closes the connection.
  init(answering answer: [UInt8]?) throws {
    let listener = try FrameListener(on: Endpoint(host: "127.0.0.1", port: 0))
    self.listener = listener
    endpoint = Endpoint(host: "127.0.0.1", port: listener.port)
    nonisolated(unsafe) let this = self
    Thread { this.serve(answer) }.start()
  }

  private func serve(_ answer: [UInt8]?) {
    defer { ended.signal() }
    while !lock.withLock({ isOver }) {
      guard let socket = try? listener.accept(waiting: .milliseconds(50)) else { continue }
      guard let frame = try? socket.receive(timeout: .seconds(120)) else { continue }
      lock.withLock { frames.append(frame) }
      if let answer { try? socket.send(answer, count: answer.count) }
    }
  }

  /// The first frames that came.
  func finish() -> [[UInt8]] {
    lock.withLock { isOver = true }
    ended.wait()
    return frames
  }
}

@Suite("A device that has a next key", .serialized)
struct FallBackTests {
  let authority = try! Authority()
  let scratch = try! Scratch()

  /// What an impostor may say, and what the device makes of it.
  static let answers: [[UInt8]?] = [
    nil, [Framing.tryLater], [UInt8](repeating: 0xA5, count: SchemeID.certified.row.refusalLength),
    [UInt8](repeating: 0xA5, count: SchemeID.derivedKey.row.refusalLength), [1], [],
  ]

  private func isRefusal(_ error: any Error) -> Bool {
    guard case .refused? = error as? DeviceHostError else { return false }
    return true
  }

  @Test("shows no other for what nobody vouches for, and keeps its file", arguments: answers)
  func certified(_ answer: [UInt8]?) throws {
    let store = try scratch.device(1, authority)
    try store.update { identity throws(DeviceError) in
      try identity.beginRotation()
      do {
        try identity.install(
          authority.certificate(for: identity.renewalKey!, system: 1, device: 1, generation: 2, lastEpoch: 20))
      } catch { throw .noUsableKey }
    }
    let before = try Data(contentsOf: URL(fileURLWithPath: store.path))
    let impostor = try Impostor(answering: answer)
    #expect {
      try DeviceClient.connect(store, to: impostor.endpoint, listens: false, timeout: .seconds(120))
    } throws: {
      !isRefusal($0)
    }
    #expect(impostor.finish().count == 1)
    #expect(try Data(contentsOf: URL(fileURLWithPath: store.path)) == before)
  }

  @Test("without a key pair neither", arguments: answers)
  func symmetric(_ answer: [UInt8]?) throws {
    let path = scratch.file("symmetric.device")
    let address = DeviceAddress(system: SystemID(1), device: DeviceID(1))
    let key = [UInt8](repeating: 7, count: 32)
    let next = [UInt8](repeating: 8, count: 32)
    try SymmetricStore.create(path) { identity throws(DeviceError) in
      try identity.create(address: address, epoch: 10, scheme: .derivedKey, generation: 1, key: key.bytes)
      _ = try identity.receive(.key(scheme: .derivedKey, generation: 2, next.bytes), over: .a)
    }
    let store = try SymmetricStore(opening: path)
    let impostor = try Impostor(answering: answer)
    #expect {
      try SymmetricClient.connect(store, to: impostor.endpoint, listens: false, timeout: .seconds(120))
    } throws: {
      !isRefusal($0)
    }
    let frames = impostor.finish()
    #expect(frames.count == 1)
    // It is the next key that was shown, and it is there to be shown again.
    #expect(try store.read { $0.slotForSession() == .b && $0.slotForSession(fallingBack: true) == .a })
  }
}
