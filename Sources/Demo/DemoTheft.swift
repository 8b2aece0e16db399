// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import DeviceHost
import Foundation
import Mailbox
import Wire

/// The second half of the demo: a device is taken apart, and then revoked.
extension DemoStory {
  func takenApart() throws -> Bool {
    say("7. Taken apart: a thief copies the gauge's file, and has everything that was recorded")
    _ = try fleet.send(secretWords[2], from: "pump", to: "valve")
    _ = try fleet.send("for the gauge", from: "pump", to: "gauge")
    try FileManager.default.copyItem(atPath: fleet.deviceFile("gauge"), toPath: fleet.deviceFile("thief"))
    let thief = Thief(stolen: try fleet.store("thief"))
    let frames = fleet.recorder?.frames ?? []
    report.recordedFrames = frames.count

    // Read from the server's file, as a thief of its disk would.
    let mail = try MailboxFile.messages(in: fleet.path("authority/mailbox.sqlite"))
    let own = mail.filter { $0.recipient == fleet.address("gauge") }
    let others = mail.filter { $0.recipient != fleet.address("gauge") }
    report.thiefReadsStolenDevicesMail = own.contains { thief.opens([UInt8]($0.body), from: $0.sender) }
    report.thiefReadsOthersMail = others.isEmpty || others.contains { thief.opens([UInt8]($0.body), from: $0.sender) }
    let peers = ["pump", "valve", "gauge"].map { fleet.address($0) }
    report.thiefReadsRecordedTraffic = frames.contains { thief.opens(recorded: $0, between: peers) }
    report.wireHoldsPlaintext = secretWords.contains { contains(frames, Array($0.utf8)) }
    report.wireHoldsDeviceId = fleet.devices.values.contains { contains(frames, bigEndian($0.device.rawValue)) }
    check(report.thiefReadsStolenDevicesMail, "it opens what waits for the gauge: the stolen key is real")
    check(!report.thiefReadsOthersMail, "it cannot open what waits for the valve")
    check(!report.thiefReadsRecordedTraffic, "it cannot open one of \(frames.count) recorded frames")
    check(
      !report.wireHoldsPlaintext && !report.wireHoldsDeviceId,
      "the recording holds none of the words that were sent and no device's id")

    let victim = try certificate(of: "valve")
    report.thiefPosesToServer = thief.posesToServer(as: victim, at: fleet.serverEndpoint)
    guard let (pump, endpoint) = try fleet.listeningDirectly("pump") else { return false }
    defer { pump.stop() }
    let canBeItself = thief.posesToDevice(as: try certificate(of: "gauge"), at: endpoint)
    report.thiefPosesToDevice = !canBeItself || thief.posesToDevice(as: victim, at: endpoint)
    check(!report.thiefPosesToServer, "as the valve, with the valve's certificate, it is refused by the server")
    return check(!report.thiefPosesToDevice, "and by the pump, which would still talk to it as the gauge")
  }

  func revocation() throws -> Bool {
    say("8. Revoked: the thief listens as the gauge while the owner revokes it")
    let thief = try fleet.listening("thief")
    let pump = try fleet.listening("pump")
    defer { pump.stop() }
    let isIn = thief.error.contains("listening as")
    let start = ContinuousClock.now
    let revoked = try fleet.signing(
      "device", "revoke", fleet.address("gauge").device.description, "--reason", "key-compromise")
    report.revocationCutSession =
      isIn && revoked.isSuccess && thief.wait(until: { $0.error.contains("connection was lost") || !$0.isRunning })
    report.revocationMilliseconds = milliseconds(since: start)
    check(
      report.revocationCutSession,
      "its live session ended within \(report.revocationMilliseconds) ms of the command, which opens the sealed key first"
    )
    let gone = thief.wait(until: { !$0.isRunning })
    report.revokedDeviceRefused = gone && thief.waitUntilExit() == ExitStatus.noPermission
    check(report.revokedDeviceRefused, "it connects again and is refused")
    report.revocationReachedPeers = try peersKnow()
    return check(
      report.revocationReachedPeers, "the pump has the signed revocation and refuses the gauge without asking anyone")
  }

  /// Whether the pump refuses the gauge's certificate with what it has stored.
  private func peersKnow() throws -> Bool {
    let revoked = try certificate(of: "gauge")
    let deadline = ContinuousClock.now + .seconds(2)
    repeat {
      let store = try fleet.store("pump")
      let error = try store.read { identity -> CredentialsError? in
        do throws(CredentialsError) { try identity.trust.verify(revoked, isInitiator: true) } catch { return error }
        return nil
      }
      if case .revoked = error { return true }
      usleep(20_000)
    } while ContinuousClock.now < deadline
    return false
  }

  private func certificate(of name: String) throws -> Certificate {
    let store = try fleet.store(name)
    // It has had one since the assembly line.
    return try store.read { $0.certificate.unsafelyUnwrapped }
  }

  /// Whether any file of the authority contains these bytes.
  func databaseContains(_ needle: [UInt8]) -> Bool {
    let directory = fleet.path("authority")
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    return names.contains { name in
      FileManager.default.contents(atPath: "\(directory)/\(name)")?.range(of: Data(needle)) != nil
    }
  }

  private func contains(_ frames: [[UInt8]], _ needle: [UInt8]) -> Bool {
    frames.contains { Data($0).range(of: Data(needle)) != nil }
  }

  private func bigEndian(_ value: UInt64) -> [UInt8] {
    withUnsafeBytes(of: value.bigEndian) { [UInt8]($0) }
  }
}
