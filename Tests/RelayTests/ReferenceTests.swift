// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import Foundation
import NIOCore
import Noise
import CountersignCrypto
import Mailbox
import Records
import Schemes
import Testing
import Wire

@testable import Relay

/// The reference says what the code does: every metric, every label, every limit, every record and length.
@Suite("Reference")
struct ReferenceTests {
  private func document(_ name: String) throws -> String {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    return try String(contentsOf: root.appendingPathComponent("docs/reference/\(name).md"), encoding: .utf8)
  }

  @Test("Every metric and label that is served is described, and nothing else")
  func metrics() throws {
    let text = try document("server")
    let served = Set(
      RelayMetrics().exposition.split(separator: "\n").filter { $0.hasPrefix("# TYPE ") }
        .map { String($0.split(separator: " ")[2]) })
    let described = Set(text.matches(of: /`(countersign_[a-z_]+)[`{]/).map { String($0.1) })
    #expect(served == described)
    let labels =
      HandshakeResult.allCases.map(\.rawValue) + DepositResult.allCases.map(\.rawValue) + CloseReason.labels
      + Budget.allCases.map(\.rawValue) + ReportResult.allCases.map(\.rawValue) + RequestResult.allCases.map(\.rawValue)
      + WakeUpResult.allCases.map(\.rawValue)
    for label in labels { #expect(text.contains("`\(label)`"), "\(label)") }
    #expect(Set(HandshakeResult.allCases.map(\.rawValue)).count == AdmissionRefusal.allCases.count + 3)
  }

  @Test("The limits are the defaults")
  func limits() throws {
    let text = try document("server")
    let limits = RelayLimits()
    func grouped(_ number: Int) -> String {
      var digits = String(number)
      for offset in stride(from: digits.count - 3, to: 0, by: -3) {
        digits.insert(",", at: digits.index(digits.startIndex, offsetBy: offset))
      }
      return digits
    }
    for (name, value) in [
      ("connections", grouped(limits.maximumConnections)),
      ("connections that have not authenticated", grouped(limits.maximumUnauthenticated)),
      ("handshakes per second, each event loop", grouped(limits.handshakesPerSecond)),
      ("handshakes that wait, each event loop", grouped(limits.handshakeQueueLength)),
      ("time from connecting to `hello`", "\(limits.handshakeTimeout) s"),
      ("silence", "\(limits.idleTimeout) s"),
      ("frame before authentication", "\(grouped(limits.maximumUnauthenticatedFrame)) bytes"),
      ("frames between `hello` and `welcome`", "\(limits.framesBeforeWelcome)"),
      ("requests of one device for certificates, credentials and keys that wait", "\(limits.renewalsAtOnce)"),
      (
        "bytes of answers, statements and mail that wait for a device to read them; a slower reader is cut off",
        "\(limits.outboundBytes >> 20) MiB"
      ),
      ("conversations with devices of other systems that a session can answer", "\(limits.correspondents)"),
      ("messages that wait for one device", grouped(limits.mailbox.messagesPerDevice)),
      (
        "bytes that wait for one device, at least \(MailboxLimits.smallestCharge) for each message",
        "\(limits.mailbox.bytesPerDevice >> 20) MiB"
      ),
      ("messages that wait of one sender", grouped(limits.mailbox.messagesPerSender)),
      ("bytes that wait of one sender", "\(limits.mailbox.bytesPerSender >> 30) GiB"),
      ("delivered messages of one sender that are remembered", grouped(limits.mailbox.rememberedPerSender)),
      ("deposits and confirmations in one transaction", "\(limits.mailbox.commitLength)"),
      ("sessions; the oldest that does not listen gives way", "\(limits.device.sessions)"),
      ("sessions while more than half of all connections are sessions", "\(limits.device.sessionsUnderPressure)"),
      (
        "deposits that wait for the disk",
        "\(limits.device.depositsUnderWay), or \(limits.device.depositBytesUnderWay >> 20) MiB"
      ),
      (
        "bytes of other devices' frames that wait for it to read them, over all its sessions",
        "\(limits.passedBytes >> 20) MiB"
      ),
      ("time that a message waits", "\(limits.mailbox.lifetime / 86_400) days"),
      ("deposits and confirmations that wait for the disk", grouped(limits.mailbox.queueLength)),
      ("wake-ups of a suspended session", "\(limits.wakeUpsPerSession)"),
      ("wake-ups that wait for the disk", grouped(limits.wakeUpQueueLength)),
      ("wake-ups in one transaction", "\(limits.wakeUpsPerCommit)"),
      ("time for a graceful shutdown", "\(limits.drainTimeout) s"),
      (
        "bytes in an application's queue, at least \(MailboxLimits.smallestCharge) for each message",
        "\(limits.mailbox.queue.bytesPerApplication >> 30) GiB"
      ),
      (
        "time that a message waits for an application, and that a replaced key of it is good",
        "\(limits.mailbox.queue.lifetime / 86_400) days"
      ),
      (
        "done messages of one device that are remembered",
        "\(limits.mailbox.queue.rememberedPerSender), for \(limits.mailbox.queue.memory / 86_400) day"
      ),
      (
        "channels of one device to one application under which something waits",
        "\(limits.mailbox.queue.channelsPerDevice)"
      ),
      ("bytes of credit of one instance of an application", "\(limits.mailbox.queue.credit >> 20) MiB"),
      ("messages that one instance has", grouped(limits.mailbox.queue.leasesPerInstance)),
      (
        "time after which a message that an instance has not done goes to another", "\(limits.mailbox.queue.lease) s"
      ),
      ("times that a message is tried before it is a dead letter", "\(limits.mailbox.queue.attempts)"),
      (
        "messages of one application in memory",
        "\(grouped(limits.mailbox.queue.messagesAtHand)), or \(limits.mailbox.queue.bytesAtHand >> 20) MiB"
      ),
      ("of these, messages of one device", "\(limits.mailbox.queue.messagesAtHandPerDevice)"),
      ("notices to one device that messages are done", "\(limits.mailbox.queue.noticesPerDevice)"),
      ("requests that wait for one device", "\(limits.mailbox.queue.requestsPerDevice)"),
      ("requests of one application that wait", grouped(limits.mailbox.queue.requestsPerApplication)),
      ("messages that one replay delivers again", grouped(limits.mailbox.queue.replayed)),
      ("sessions of an application; the oldest gives way", "\(limits.device.applicationSessions)"),
    ] {
      #expect(text.contains("| \(name) | \(value) |"), "\(name)")
    }
  }

  @Test("The budgets are the defaults")
  func budgets() throws {
    let text = try document("server")
    let limits = RelayLimits().device
    func grouped(_ number: Double) -> String {
      guard number >= 1 else { return "\(number)" }
      let digits = String(Int(number))
      return digits.count > 3 ? digits.dropLast(3) + "," + digits.suffix(3) : digits
    }
    for (name, rate) in [
      ("records of any kind", limits.records), ("lookups", limits.lookups), ("deposits", limits.deposits),
      ("confirmations", limits.confirmations), ("certificates, credentials and keys asked for", limits.keys),
      ("sessions begun", limits.sessionsBegun),
      ("channels opened to applications", limits.channels), ("requests of an application", limits.requests),
      ("replays of an application's queue", limits.replays),
      ("conversations opened with one other device", limits.openings),
      ("conversations opened with a device by all others", limits.openingsReceived),
    ] {
      #expect(text.contains("| \(name) | \(grouped(rate.perSecond)) a second | \(grouped(rate.burst)) |"), "\(name)")
    }
    let mib = { (bytes: Double) in Int(bytes / 1_048_576) }
    let gib = { (bytes: Double) in Int(bytes / 1_073_741_824) }
    #expect(
      text.contains(
        "| bytes of records | \(mib(limits.bytes.perSecond)) MiB a second | \(mib(limits.bytes.burst)) MiB |"))
    let least = MailboxLimits.smallestCharge + MailboxLimits.rowCharge
    let daily = "\(gib((limits.mailBytes.perSecond * 86_400).rounded())) GiB a day | \(gib(limits.mailBytes.burst)) GiB"
    #expect(text.contains("| bytes of mail, \(least) at least for each message | \(daily) |"))
  }

  @Test("The lengths of the handshake's frames are those on the wire")
  func lengths() throws {
    let text = try document("relay")
    let fleet = try TestFleet()
    var first: [Int] = []
    for (id, scheme) in [(UInt64(1), SchemeID.certified), (2, .registered)] {
      let device = try fleet.device(id, scheme: scheme)
      let connection = fleet.connect()
      let frame = try device.firstFrame(on: connection)
      first.append(frame.count)
      connection.arrive(frame)
      let reply = connection.takeFrames()[0]
      #expect(text.contains("| 2 | server | the scheme's answer | \(reply.count) for both |"))
      try device.readReply(reply)
      let hello = try device.seal(.hello(device.identity.hello(listens: false)))
      #expect(text.contains("| 3 | device | the record `hello`, sealed | \(hello.count) |"))
      connection.arrive(hello)
      fleet.settle()
      let welcome = connection.takeFrames()[0]
      #expect(text.contains("| 4 | server | the record `welcome`, sealed | \(welcome.count) |"))
    }
    #expect(text.contains("| \(first[0]) for `certified`, \(first[1]) for `registered` |"))
  }

  @Test("The types of the records are those in the tables")
  func types() throws {
    let text = try document("relay")
    for byte in UInt8.min...UInt8.max {
      let digits = String(byte, radix: 16, uppercase: true)
      let isDescribed = text.contains("| 0x\(digits.count == 1 ? "0" : "")\(digits) |")
      let record = [byte] + [UInt8](repeating: 0, count: 200)
      func isKnown(_ parse: () throws(WireError) -> Void) -> Bool {
        do throws(WireError) { try parse() } catch { return error != .unexpectedKind(byte) }
        return true
      }
      let isDeviceRecord = isKnown { () throws(WireError) in _ = try DeviceRecord(decoding: record.bytes) }
      let isServerRecord = isKnown { () throws(WireError) in _ = try ServerRecord(decoding: record.bytes) }
      #expect(isDescribed == (isDeviceRecord || isServerRecord), "0x\(digits)")
    }
  }
}
