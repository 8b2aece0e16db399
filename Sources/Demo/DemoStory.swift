// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import DeviceHost
import Foundation
import Wire

/// The demo, step by step. Each step checks what it claims and says so in a sentence.
package final class DemoStory {
  let fleet: DemoFleet
  var report = DemoReport()
  let say: (String) -> Void
  private let start = ContinuousClock.now

  /// Words that are sent, and looked for where they must not be.
  let secretWords = ["open the north valve", "pressure is 4.2 bar", "count is 1337", "pump at 60 percent"]

  /// - Parameters:
  ///   - directory: where the fleet's files go; it does not exist yet.
  ///   - say: prints a line for whoever watches.
  package init(_ directory: URL, say: @escaping (String) -> Void) throws {
    fleet = try DemoFleet(directory)
    self.say = say
  }

  /// Tells it to its end, or to the first step that does not hold.
  package func tell() throws -> DemoReport {
    for step in [assembly, online, asleep, direct, otherSystem, rotation, takenApart, revocation] {
      guard try step() else { break }
    }
    report.seconds = milliseconds(since: start) / 1000
    report.ok = report.everyStepHeld
    say(
      report.ok
        ? "\nEvery step held, in \(String(format: "%.1f", report.seconds)) s."
        : "\nNOT every step held: see the lines marked with a cross.")
    return report
  }

  /// Ends the processes that the story has started.
  package func stop() { fleet.stop() }

  /// A claim and whether it held.
  @discardableResult
  func check(_ holds: Bool, _ claim: String) -> Bool {
    say("   \(holds ? "✓" : "✗ FAILED:") \(claim)")
    return holds
  }

  func milliseconds(since start: ContinuousClock.Instant) -> Double {
    let elapsed = start.duration(to: .now).components
    return Double(elapsed.seconds) * 1000 + (Double(elapsed.attoseconds) / 1e13).rounded() / 100
  }

  // MARK: Steps

  private func assembly() throws -> Bool {
    say("1. The assembly line: one authority, two systems, four devices")
    let authority = try DemoProcess.run(
      [
        "init", "--dir", "authority", "--passphrase-file", "passphrase", "--cost", "interactive", "--output", "json",
      ], in: fleet.directory)
    report.authorityCreated = check(
      authority.isSuccess, "the server keeps one key of 32 bytes, sealed under a passphrase")
    guard report.authorityCreated else { return false }
    for system in ["waterworks", "parking"] where try fleet.command("system", "add", system).isSuccess {
      report.systems += 1
    }
    for (device, system) in [
      ("pump", "waterworks"), ("valve", "waterworks"), ("gauge", "waterworks"), ("barrier", "parking"),
    ] where try fleet.addDevice(device, system: system) {
      report.devices += 1
    }
    let inspected = try DemoProcess.run(["inspect", "pump.device", "--output", "json"], in: fleet.directory)
    report.certificateBytes = inspected.field("credential_bytes") ?? Certificate.standaloneLength
    report.certificateInHandshakeBytes = Certificate.handshakeLength
    return check(
      report.systems == 2 && report.devices == 4,
      "pump, valve and gauge in system waterworks, barrier in system parking: each has an X25519 key of its own and a "
        + "certificate of \(report.certificateBytes) bytes, \(report.certificateInHandshakeBytes) in a handshake")
  }

  private func online() throws -> Bool {
    say("2. Online: the valve listens, the pump sends; somebody records every byte")
    guard check(try fleet.serve(), "the server listens on \(fleet.serverEndpoint)") else { return false }
    let valve = try fleet.listening("valve", "--count", "1")
    let sent = try fleet.send(secretWords[0], from: "pump", to: "valve")
    valve.waitUntilExit()
    report.onlineDelivered = sent.field("outcome") == "delivered" && valve.output.contains(secretWords[0])
    report.onlineMilliseconds = sent.field("milliseconds") ?? 0
    let frames = fleet.recorder?.frames ?? []
    report.firstFrameBytes = frames.first?.count ?? 0
    report.serverAnswerBytes = frames.dropFirst().first?.count ?? 0
    return check(
      report.onlineDelivered,
      "delivered and acknowledged in \(report.onlineMilliseconds) ms; a device's first frame is \(report.firstFrameBytes) "
        + "bytes, the server's answer \(report.serverAnswerBytes)")
  }

  private func asleep() throws -> Bool {
    say("3. Asleep: the gauge is off, the pump writes to it all the same")
    let sent = try fleet.send(secretWords[1], from: "pump", to: "gauge")
    report.asleepStored = check(
      sent.field("outcome") == "stored", "the server keeps the message, sealed to the gauge's certificate")
    report.databaseHoldsPlaintext = databaseContains(Array(secretWords[1].utf8))
    check(!report.databaseHoldsPlaintext, "its database files do not contain the words")
    let gauge = try fleet.listen("gauge", "--count", "1")
    _ = gauge.wait(until: { !$0.isRunning })
    report.asleepDelivered = gauge.output.contains(secretWords[1])
    check(report.asleepDelivered, "the gauge wakes, connects, and has it")
    let again = try fleet.listen("gauge", "--count", "1", "--timeout", "0.3")
    _ = again.wait(until: { !$0.isRunning })
    report.asleepDeliveredOnce = !again.output.contains(secretWords[1])
    return check(report.asleepDeliveredOnce, "once: it is not there when the gauge asks again")
  }

  private func direct() throws -> Bool {
    say("4. Direct: the pump and the valve over a socket of their own, no server")
    guard let (valve, endpoint) = try fleet.listeningDirectly("valve", "--count", "1") else { return false }
    let sent = try DemoProcess.run(
      ["send", "--device", "pump.device", "--direct", endpoint.description, "--output", "json", secretWords[3]],
      in: fleet.directory)
    valve.waitUntilExit()
    report.directDelivered = sent.field("outcome") == "delivered" && valve.output.contains(secretWords[3])
    report.directMilliseconds = sent.field("milliseconds") ?? 0
    return check(
      report.directDelivered,
      "each verified the other's certificate offline; delivered in \(report.directMilliseconds) ms")
  }

  private func otherSystem() throws -> Bool {
    say("5. Another system: the barrier tries to write to the pump")
    let refused = try fleet.send("let me in", from: "barrier", to: "pump")
    report.otherSystemRefusedByServer = refused.status == ExitStatus.noHost
    check(report.otherSystemRefusedByServer, "the server says it knows no such device")
    guard let (pump, endpoint) = try fleet.listeningDirectly("pump") else { return false }
    defer { pump.stop() }
    let direct = try DemoProcess.run(
      ["send", "--device", "barrier.device", "--direct", endpoint.description, "let me in"], in: fleet.directory)
    _ = pump.wait(1, until: { $0.error.contains("refused") })
    report.otherSystemRefusedByDevice = !direct.isSuccess && !pump.output.contains("let me in")
    return check(
      report.otherSystemRefusedByDevice, "and the pump itself refuses the barrier's certificate on a direct socket")
  }

  private func rotation() throws -> Bool {
    say("6. A new key over the network: the pump rotates")
    let before = fleet.path("pump-before.device")
    try FileManager.default.copyItem(atPath: fleet.deviceFile("pump"), toPath: before)
    let rotated = try DemoProcess.run(
      ["device", "rotate", "--device", "pump.device", "--server", fleet.endpoint, "--output", "json"],
      in: fleet.directory)
    report.generationAfterRotation = rotated.field("generation") ?? 0
    report.rotated = check(
      rotated.isSuccess && report.generationAfterRotation == 2,
      "generation 1 became \(report.generationAfterRotation); the new key was made on the pump and never left it")
    let old = try DemoProcess.run(
      [
        "send", "--device", "pump-before.device", "--server", fleet.endpoint, "--timeout", "1", "--to",
        DemoFleet.name(fleet.address("valve")), "old key",
      ], in: fleet.directory)
    report.retiredKeyRefused = !old.isSuccess
    // A device that lost its answer would have shown the new key. This one made another: there are two of it.
    let released = try DemoProcess.run(
      [
        "device", "release", "--dir", "authority", fleet.address("pump").device.description, "--output", "json",
      ], in: fleet.directory)
    report.copyNoticed = released.field("was_quarantined") ?? false
    check(
      report.retiredKeyRefused && report.copyNoticed,
      "a copy with the old key is refused and gives itself away: neither of the two is served")
    let back = try DemoProcess.run(
      [
        "send", "--device", "pump.device", "--server", fleet.endpoint, "--to", DemoFleet.name(fleet.address("valve")),
        "new key",
      ], in: fleet.directory)
    report.releasedByOwner = back.isSuccess
    return check(report.releasedByOwner, "the owner releases the pump, which goes on under its new key")
  }
}
