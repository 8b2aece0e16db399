// SPDX-License-Identifier: Apache-2.0

import Foundation
import Noise
import CountersignCrypto
import Synchronization

/// One session of `listen` or `connect`: the handshake, then lines to messages and messages to lines.
struct NoiseSession {
  let socket: FramedSocket
  let handshake: any NamedHandshake
  let options: NoiseOptions
  /// Where the lines to send come from; nil for a side that only answers or may not send.
  let input: InputLines?
  let isEchoing: Bool

  /// Runs the session to its end, and reports it whether it succeeds or not.
  func run() throws {
    var report = SessionReport(isJSON: options.output.isJSON)
    do throws(Failure) {
      try run(&report)
    } catch {
      try report.finish(error)
      throw error
    }
    try report.finish(nil)
  }

  private func run(_ report: inout SessionReport) throws(Failure) {
    try shakeHands(&report)
    report.learn(handshake)
    let halves: (sending: any NamedCipherState, receiving: any NamedCipherState)
    do { halves = try handshake.split() } catch { throw Failure(.software, "\(error)") }
    let sender = TransportHalf(halves.sending, rekeyEvery: options.rekeyEvery)
    let receiver = TransportHalf(halves.receiving, rekeyEvery: options.rekeyEvery)

    let isOpen = Atomic(true)
    let sending = Mutex<Failure?>(nil)
    let group = DispatchGroup()
    if let input, halves.sending.hasKey {
      // Sending has its own thread: otherwise two peers that write much to each other would block each other.
      DispatchQueue.global().async(group: group) { [socket] in
        do throws(Failure) {
          while let line = input.next(while: { isOpen.load(ordering: .relaxed) }) {
            try socket.send(try sender.encrypt(line))
          }
          socket.finishSending()
        } catch { sending.withLock { $0 = error } }
      }
    } else if !isEchoing {
      socket.finishSending()
    }
    defer {
      isOpen.store(false, ordering: .relaxed)
      group.wait()
    }
    while let message = try socket.receive() {
      let plaintext = try receiver.decrypt(message, from: socket.peer)
      report.message(plaintext)
      if isEchoing { try socket.send(try sender.encrypt(plaintext)) }
    }
    // The peer has ended its side; what is left on ours is still sent.
    isOpen.store(false, ordering: .relaxed)
    group.wait()
    if let failure = sending.withLock({ $0 }) { throw failure }
  }

  private func shakeHands(_ report: inout SessionReport) throws(Failure) {
    socket.setTimeout(seconds: 30)
    defer { socket.setTimeout(seconds: 0) }
    var payloads = options.payload[...].map { Array($0.utf8) }[...]
    while !handshake.isFinished {
      do {
        if handshake.isMyTurn {
          try socket.send(try handshake.writeMessage(payloads.popFirst() ?? []))
        } else {
          guard let message = try socket.receive() else {
            throw Failure(.protocolError, "\(socket.peer) ended during the handshake", hint: Self.disagreement)
          }
          report.payload(try handshake.readMessage(message))
        }
      } catch let failure as Failure {
        throw failure
      } catch {
        throw Failure(
          .protocolError, "handshake with \(socket.peer), message \(report.payloadCount + 1) received: \(error)",
          hint: Self.disagreement)
      }
    }
  }

  private static let disagreement = "Both sides must have the same protocol, prologue and psk, and each other's keys."
}

/// One direction of a session. Only one thread uses it.
final class TransportHalf: @unchecked Sendable {
  private let state: any NamedCipherState
  private let rekeyEvery: UInt64?

  init(_ state: any NamedCipherState, rekeyEvery: UInt64?) {
    self.state = state
    self.rekeyEvery = rekeyEvery
  }

  func encrypt(_ line: [UInt8]) throws(Failure) -> [UInt8] {
    do {
      let message = try state.encrypt(line)
      try rekeyIfDue()
      return message
    } catch NoiseError.messageTooLong {
      throw Failure(.dataError, "a line of \(line.count) bytes does not fit into one message", hint: "65519 bytes do.")
    } catch { throw Failure(.software, "cannot encrypt: \(error)") }
  }

  func decrypt(_ message: [UInt8], from peer: String) throws(Failure) -> [UInt8] {
    do {
      let plaintext = try state.decrypt(message)
      try rekeyIfDue()
      return plaintext
    } catch { throw Failure(.protocolError, "message \(state.nonce) from \(peer): \(error)") }
  }

  private func rekeyIfDue() throws(NoiseError) {
    if let rekeyEvery, state.nonce.isMultiple(of: rekeyEvery) { try state.rekey() }
  }
}
