// SPDX-License-Identifier: Apache-2.0

import CCountersign
import FleetSupport
import CountersignCrypto
import Testing
import Wire

/// What firmware in C does with other devices: nothing but `countersign.h`.
extension CDevice {
  /// Runs one function that writes a frame.
  func write(
    _ body: (UnsafeMutablePointer<countersign_context>, UnsafeMutablePointer<UInt8>, UnsafeMutablePointer<Int>) ->
      countersign_result
  ) throws(CError) -> [UInt8] {
    var size = 0
    let result = frame.withUnsafeMutableBufferPointer { body(context, $0.baseAddress!, &size) }
    try check(result)
    return Array(frame[..<size])
  }

  func nextNumber() throws(CError) -> UInt64 {
    var number: UInt64 = 0
    try check(countersign_next_number(context, &number, &todo))
    return number
  }

  func take(_ record: [UInt8], of device: countersign_address, in peer: CPeer) throws(CError) {
    var device = device
    try check(
      countersign_peer_take(
        context, peer.place, MemoryLayout<countersign_peer>.size, &device, record, record.count, &todo))
  }

  func deposit(_ text: [UInt8], _ number: UInt64, to peer: CPeer) throws(CError) -> [UInt8] {
    frame = [UInt8](repeating: 0, count: text.count + Int(COUNTERSIGN_DEPOSIT_OVERHEAD))
    let capacity = frame.count
    return try write { countersign_deposit($0, peer.place, number, text, text.count, $1, capacity, $2) }
  }

  /// Opens a record with a sealed message: what it says, and its text.
  func openMail(_ record: [UInt8]) throws(CError) -> (message: countersign_message, text: [UInt8]) {
    var record = record
    var message = countersign_message()
    let result: countersign_result
    (result, opened) = record.withUnsafeMutableBufferPointer {
      let result = countersign_open_mail(context, $0.baseAddress!, $0.count, &message, &todo)
      return (result, [UInt8](UnsafeBufferPointer(start: message.text, count: message.text_size)))
    }
    last = message
    try check(result)
    return (message, opened)
  }

  /// A step of a handshake; empty when there is nothing to send.
  func shake(_ peer: CPeer, _ input: [UInt8]? = nil) throws(CError) -> [UInt8] {
    frame = [UInt8](repeating: 0, count: Int(COUNTERSIGN_PEER_HANDSHAKE_SIZE))
    var size = 0
    try check(
      countersign_peer_handshake(
        context, peer.place, input, input?.count ?? 0, &frame, frame.count, &size, &todo))
    return Array(frame[..<size])
  }

  func meet(_ peer: CPeer, initiates: Bool, other: countersign_address? = nil) throws(CError) {
    let size = MemoryLayout<countersign_peer>.size
    if var other {
      try check(countersign_peer_direct(context, peer.place, size, initiates ? 1 : 0, &other))
    } else {
      try check(countersign_peer_direct(context, peer.place, size, initiates ? 1 : 0, nil))
    }
  }

  func answer(_ peer: CPeer, from: countersign_address, _ first: [UInt8]) throws(CError) {
    var from = from
    try check(
      countersign_peer_answer(
        context, peer.place, MemoryLayout<countersign_peer>.size, &from, first, first.count))
  }

  func call(_ peer: CPeer) throws(CError) { try check(countersign_peer_call(context, peer.place)) }

  func seal(_ text: [UInt8], _ number: UInt64, in peer: CPeer) throws(CError) -> [UInt8] {
    frame = [UInt8](repeating: 0, count: text.count + Int(COUNTERSIGN_PEER_OVERHEAD))
    let capacity = frame.count
    return try write { countersign_peer_seal(peer.place, number, text, text.count, $1, capacity, $2) }
  }

  func acknowledge(_ number: UInt64, _ judgement: Int = COUNTERSIGN_OK, in peer: CPeer) throws(CError) -> [UInt8] {
    let capacity = frame.count
    return try write {
      countersign_peer_acknowledge(peer.place, number, countersign_result(judgement), $1, capacity, $2)
    }
  }

  /// Opens a frame of a session with a peer: what it says, and its text.
  func open(_ bytes: [UInt8], in peer: CPeer) throws(CError) -> (message: countersign_message, text: [UInt8]) {
    var bytes = bytes
    var message = countersign_message()
    let result: countersign_result
    (result, opened) = bytes.withUnsafeMutableBufferPointer {
      let result = countersign_peer_open(context, peer.place, $0.baseAddress!, $0.count, &message)
      return (result, [UInt8](UnsafeBufferPointer(start: message.text, count: message.text_size)))
    }
    try check(result)
    return (message, opened)
  }

  /// Opens a session with the server, and takes all that it says at first.
  func connect(_ server: SimulatedServer) throws {
    let reply = try #require(server.answer(handshake()))
    for frame in try server.receive(handshake(reply)) { _ = try open(frame) }
  }
}

/// A peer where it belongs: in memory that does not move.
final class CPeer {
  let place = UnsafeMutablePointer<countersign_peer>.allocate(capacity: 1)

  init() {
    place.initialize(to: countersign_peer())
  }

  deinit {
    countersign_peer_close(place)
    place.deallocate()
  }

  var isOpen: Bool { countersign_peer_is_open(place) == 1 }

  /// The address and generation of a verified certificate; nil where there is none.
  var identity: (countersign_address, UInt16)? {
    var address = countersign_address()
    var generation: UInt16 = 0
    guard countersign_peer_identity(place, &address, &generation) == COUNTERSIGN_OK else { return nil }
    return (address, generation)
  }
}

extension countersign_address {
  init(_ address: DeviceAddress) {
    self.init(device: address.device.rawValue, system: address.system.rawValue)
  }

  static func == (a: countersign_address, b: countersign_address) -> Bool {
    a.device == b.device && a.system == b.system
  }
}
