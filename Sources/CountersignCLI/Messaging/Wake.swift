// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CountersignCrypto
import Device
import DeviceHost
import Foundation
import Records
import Schemes
import Wire

/// `countersign wake`: as a device, wakes a suspended session with one frame.
struct Wake: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Wake a suspended session with one frame.",
    discussion: """
      Sends one frame, with a message if there is one, and repeats it as it is until the server answers. There is no handshake and no \
      public-key operation. The message goes to the default application of the device's system, or with --to to another device. The server can \
      read it: a device with a key pair sends it only with --hop-by-hop.

      Examples:
        countersign wake --device pump.device --server udp://127.0.0.1:7700
        countersign wake --device pump.device --server udp://127.0.0.1:7700 \\
          --hop-by-hop "21.5 C"
        countersign wake --device pump.device --server udp://127.0.0.1:7700 \\
          --to 00a0b1c2d3e4f506 --hop-by-hop "valve open"
        countersign wake --device pump.device --server udp://127.0.0.1:7700 --one-way
      """)

  @OptionGroup var device: DeviceOptions

  @Option(name: .long, help: ArgumentHelp("The server (or COUNTERSIGN_SERVER).", valueName: "host:port"))
  var server: String?

  @Option(
    name: .long, help: ArgumentHelp("The message's recipient: 16 hexadecimal digits, or SYSTEM/ID.", valueName: "id"))
  var to: DeviceName?

  @OptionGroup var authority: AuthorityOptions
  @OptionGroup var hopByHop: HopByHopOption

  @Flag(name: .long, help: "Wait for no answer, and send the frame once.")
  var oneWay = false

  @Option(
    name: .long, parsing: .unconditional, help: ArgumentHelp("How long to try. (default: 30)", valueName: "seconds"),
    transform: Seconds.parse)
  var timeout = Seconds(.seconds(30))

  @Argument(help: "The message; without it the frame only wakes the session.")
  var text: String?

  @OptionGroup var output: OutputOptions

  private struct Result: Encodable {
    let messageId: String?
    let outcome: String
    let bytesSent: Int
    let bytesReceived: Int
    let news: Bool
    let renew: Bool
    let more: Bool
    let remaining: Int
  }

  func validate() throws {
    if to != nil, text == nil { throw ValidationError("There is no message for --to.") }
  }

  func run() throws {
    let device = try device.open(patience: min(timeout.duration, .seconds(10)))
    let endpoint = try ServerOption.endpoint(server)
    let recipient = try recipient(of: device)
    let hasText = text != nil
    let text = Array((text ?? "").utf8)
    let sleeper: Sleeper
    let answer: Sleeper.Answer?
    let id: MessageID
    do throws(DeviceHostError) {
      sleeper = try Sleeper(device)
      id = sleeper.nextMessageID
      let data = recipient.map { Self.record(to: $0, id, text) } ?? text
      answer = try sleeper.wake(
        data, isRecord: recipient != nil, at: endpoint, isOneWay: oneWay, timeout: timeout.duration)
    } catch { throw Failure(error, at: endpoint) }
    try report(answer, hasText ? id : nil, sleeper.remaining)
  }

  private func recipient(of device: AnyDevice) throws -> DeviceAddress? {
    guard text == nil || device.isSymmetric || hopByHop.hopByHop else {
      throw Failure(
        .usage, "the server could read this message", hint: "Allow that with --hop-by-hop, or use: countersign send")
    }
    guard let to else { return nil }
    let own = try reporting { () throws(DeviceHostError) in try device.address.system }
    return try to.address(from: own, namesIn: authority)
  }

  private static func record(to recipient: DeviceAddress, _ id: MessageID, _ text: [UInt8]) -> [UInt8] {
    let record = DeviceRecord.open(to: recipient, id: id, text.bytes)
    var bytes = [UInt8](repeating: 0, count: record.encodedLength)
    var span = bytes.mutableBytes
    _ = record.encode(into: &span)
    return bytes
  }

  private func report(_ answer: Sleeper.Answer?, _ id: MessageID?, _ remaining: Int) throws {
    let outcome = try answer.map { try words(for: $0, id) } ?? "sent"
    let flags = answer?.flags ?? []
    if output.isJSON {
      return try printJSON(
        Result(
          messageId: id?.description, outcome: outcome, bytesSent: answer?.lengths.wakeUp ?? 0,
          bytesReceived: answer?.lengths.answer ?? 0, news: flags.contains(.news), renew: flags.contains(.renew),
          more: flags.contains(.more), remaining: remaining))
    }
    print(id.map { "\(outcome) \($0)" } ?? outcome)
    if flags.contains(.renew) { print("suspend a session anew: countersign suspend") }
    if !flags.isDisjoint(with: [.news, .more]) { print("a session has more: countersign listen") }
  }

  /// What the server said to the record that was sent.
  private func words(for answer: Sleeper.Answer, _ id: MessageID?) throws -> String {
    guard let id else { return "awake" }
    guard !answer.record.isEmpty else { return "stored" }
    let bytes = answer.record
    let record: ServerRecord
    do { record = try ServerRecord(decoding: bytes.bytes) } catch { return "received" }
    switch record {
    case .refused(id, let refusal): throw Failure(DeviceHostError.notStored(refusal))
    default: return "received"
    }
  }
}
