import Credentials
import Device
import Primitives
import Schemes

/// A session with the server that stays open, for whoever has a device's memory.
final class OpenSession {
  let line: any Line
  private let client: Client

  /// Opens a session with a device's memory, which moves on as it does on the device.
  init(_ memory: inout DeviceMemory, epoch: Epoch, at gate: any Gate) throws {
    line = gate.connect()
    client = try Client.begin(&memory, epoch: epoch)
    guard let reply = line.send(try client.hello()).first else { throw LaboratoryError.noAnswer(line.refusal ?? "") }
    try client.finish(reply)
    let hello = DeviceRecord.Hello(listens: false, epoch: epoch, revocationSequence: 0)
    for frame in line.send(try client.seal(encoded(.hello(hello)))) { _ = try client.open(frame) }
  }

  /// Sends a record, and returns what the server says to it.
  func ask(_ record: [UInt8]) throws -> [[UInt8]] { try line.send(try client.seal(record)).map { try client.open($0) } }
}
