// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import CountersignCrypto
import Records
import Schemes
import Wire

/// A session with the server that stays open, for whoever has a device's memory.
final class OpenSession {
  let line: any Line
  private let client: DeviceEnd
  /// The records that came before anything was asked.
  private(set) var first: [[UInt8]] = []

  /// Opens a session with a device's memory, which moves on as it does on the device.
  init(_ memory: inout DeviceMemory, epoch: Epoch, at gate: any Gate, hello: DeviceRecord.Hello? = nil) throws {
    line = gate.connect()
    client = try DeviceEnd.begin(&memory, epoch: epoch)
    guard let reply = line.send(try client.hello()).first else { throw LaboratoryError.noAnswer(line.refusal ?? "") }
    try client.finish(reply) { _ = line.send($0) }
    let hello = hello ?? DeviceRecord.Hello(listens: false, epoch: epoch, revocationSequence: 0)
    first = try ask(encoded(.hello(hello)))
  }

  /// Sends a record, and returns what the server says to it.
  func ask(_ record: [UInt8]) throws -> [[UInt8]] { try line.send(try client.seal(record)).map { try client.open($0) } }

  /// Sends records without waiting for an answer in between, and returns what the server says to them all.
  func ask(atOnce records: [[UInt8]]) throws -> [[UInt8]] {
    guard let line = line as? RelayLine else { throw LaboratoryError.nothingToShow }
    return try line.send(atOnce: try records.map { try client.seal($0) }).map { try client.open($0) }
  }

  /// The network fails.
  func end() { (line as? RelayLine)?.cut() }
}
