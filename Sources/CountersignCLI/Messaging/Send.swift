// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Credentials
import Device
import DeviceHost
import Foundation
import Records
import Synchronization
import Wire

struct Send: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Send a message to another device, or to an application.",
    discussion: """
      If the other device listens, the two run a handshake through the server, which sees only frames, and the command ends once \
      the other application has the message. If it sleeps, the message is sealed to its certificate and the command ends once \
      the server has stored it.

      A message has at most 64000 bytes. The device file keeps the message numbers by which the recipient recognises repeats: \
      never use a copy of it, or one from a backup.

      A device without a key pair can only leave its messages with the server, which reads them; other devices can do the same \
      for such a device if --hop-by-hop allows it. The output says so.

      With --to application the message goes to the default application of the device's system, and with --to application:NAME to \
      another one. The server cannot read what a device with a key pair says to an application; it keeps it until the application \
      has it.

      With --direct the message goes over a connection between the two devices, without the server.

      Examples:
        countersign send --device pump.device --server 127.0.0.1:7700 \\
          --to 00a0b1c2d3e4f506 "valve open"
        echo "valve open" | countersign send --device pump.device \\
          --server 127.0.0.1:7700 --to 00a0b1c2d3e4f506 -
        countersign send --device pump.device --server [2001:db8::7]:7700 \\
          --to 00a0b1c2d3e4f506 "valve open"
        countersign send --device pump.device --server 127.0.0.1:7700 \\
          --to application "21.5"
        countersign send --device pump.device --direct 127.0.0.1:7800 "valve open"
      """)

  @OptionGroup var device: DeviceOptions

  @Option(name: .long, help: ArgumentHelp("The server (or COUNTERSIGN_SERVER).", valueName: "host:port"))
  var server: String?

  @Option(name: .long, help: ArgumentHelp("The other device's own address, without a server.", valueName: "host:port"))
  var direct: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "The recipient: 16 hexadecimal digits, or SYSTEM/ID (by its number or, with --dir, its name); or application:NAME.",
      valueName: "id"))
  var to: Recipient?

  @OptionGroup var authority: AuthorityOptions

  @OptionGroup var hopByHop: HopByHopOption
  @OptionGroup var kept: KeepCertificatesOption

  @Option(
    name: .long, parsing: .unconditional, help: ArgumentHelp("How long to try. (default: 10)", valueName: "seconds"),
    transform: Seconds.parse)
  var timeout = Seconds(.seconds(10))

  @Argument(help: "The message; - or nothing reads standard input.")
  var text: String?

  @OptionGroup var output: OutputOptions

  private struct Result: Encodable {
    let messageId: String
    let outcome: Delivery.Outcome
    let route: ReceivedMessage.Route
    let bytes: Int
    let bytesSent: Int?
    let bytesReceived: Int?
    let milliseconds: Double
  }

  func validate() throws {
    if server != nil && direct != nil { throw ValidationError("--server and --direct exclude each other.") }
    if direct == nil && to == nil { throw ValidationError("Say who should get it: --to ID.") }
  }

  func run() async throws {
    let device = try device.open(patience: min(timeout.duration, .seconds(10)))
    let body = try message()
    let start = ContinuousClock.now
    let delivery: Delivery
    var traffic: (sent: Int, received: Int)?
    switch (direct, to) {
    case (let direct?, _): (delivery, traffic) = try sendDirect(direct, body, try device.keyed())
    case (nil, .application(let name)): delivery = try await report(body, to: name, device)
    case (nil, _): (delivery, traffic) = try sendThroughServer(body, device)
    }
    let elapsed = start.duration(to: .now)
    let milliseconds =
      Double(elapsed.components.attoseconds / 1_000_000_000_000) / 1000 + Double(elapsed.components.seconds) * 1000
    if output.isJSON {
      try printJSON(
        Result(
          messageId: delivery.id.description, outcome: delivery.outcome, route: delivery.route, bytes: body.count,
          bytesSent: traffic?.sent, bytesReceived: traffic?.received, milliseconds: milliseconds))
    } else {
      print(
        delivery.outcome == .delivered
          ? "delivered \(delivery.id) (\(delivery.route.rawValue))"
          : delivery.route == .hopByHop
            ? "stored \(delivery.id) (hop-by-hop: the server can read it)"
            : delivery.route == .channel
              ? "stored \(delivery.id) for the application" : "stored \(delivery.id) for a sleeping device")
    }
  }

  private func message() throws(Failure) -> [UInt8] {
    if let text, text != "-" { return Array(text.utf8) }
    return try readInput("-", limit: Message.maximumLength)
  }

  /// Tries until the time is over, always under the same number, so that the recipient's application gets it once.
  private func sendThroughServer(
    _ body: [UInt8], _ device: AnyDevice
  ) throws(Failure) -> (Delivery, (sent: Int, received: Int)) {
    guard case .device(let to) = to else { throw Failure(.usage, "who should get it?", hint: "Give --to ID.") }
    let endpoint = try ServerOption.endpoint(server)
    let keeper = try kept.keeper()
    let deadline = ContinuousClock.now + timeout.duration
    let own = try reporting { () throws(DeviceHostError) in try device.address.system }
    let recipient = try to.address(from: own, namesIn: authority)
    do throws(DeviceHostError) {
      let id = try device.nextMessageID()
      var backoff = Backoff()
      while true {
        do throws(DeviceHostError) {
          let client = try device.connect(
            to: endpoint, listens: false, allowsHopByHop: hopByHop.hopByHop,
            timeout: min(.seconds(10), deadline - .now))
          (client as? DeviceClient)?.onPeerCertificate = { keeper?.keep($0) }
          let delivery = try client.send(body, to: recipient, id: id, timeout: deadline - .now)
          return (delivery, client.traffic)
        } catch {
          // Nobody's answer is waited for only after a loss: then the server may be starting again.
          let mayRetry =
            if case .hungUp = error { backoff.count > 0 } else { error.isTransient }
          guard mayRetry, .now + .milliseconds(100) < deadline else { throw error }
          backoff.wait(until: deadline)
        }
      }
    } catch { throw Failure(error, at: endpoint) }
  }

  /// Reports to an application, under one number until the server has it or the time is over.
  private func report(_ body: [UInt8], to name: ApplicationName, _ device: AnyDevice) async throws -> Delivery {
    let endpoint = try ServerOption.endpoint(server)
    // Why no session has come about: what is behind a timeout.
    let interruption = Mutex<DeviceHostError?>(nil)
    var settings = ClientSettings(listens: false)
    settings.onStatus = { status in
      switch status {
      case .connected: interruption.withLock { $0 = nil }
      case .interrupted(let error): interruption.withLock { $0 = error }
      case .refused: break
      }
    }
    do {
      let client = try await AsyncDeviceClient.open(device.path, server: endpoint, settings: settings)
      defer { client.close() }
      return try await client.report(body, to: name, timeout: timeout.duration)
    } catch let error as DeviceHostError {
      guard case .timedOut = error else { throw Failure(error, at: endpoint) }
      throw Failure(interruption.withLock { $0 } ?? error, at: endpoint)
    }
  }

  private func sendDirect(
    _ address: String, _ body: [UInt8], _ store: DeviceStore
  ) throws -> (Delivery, (sent: Int, received: Int)) {
    let endpoint = try Endpoint(option: address)
    let keeper = try kept.keeper()
    let own = try reporting { () throws(DeviceHostError) in try store.read { $0.address.system } }
    let expected: DeviceAddress? =
      switch to {
      case nil: nil
      case .device(let name): try name.address(from: own, namesIn: authority)
      case .application:
        throw Failure(
          .usage, "an application is behind a server", hint: "Give --server HOST:PORT in the place of --direct.")
      }
    return try reporting { () throws(DeviceHostError) in
      let connection = try DirectConnection.connect(
        store, to: endpoint, expecting: expected, timeout: timeout.duration)
      keeper?.keep(connection.peer)
      let id = try store.update { identity throws(DeviceError) in try identity.nextMessageID() }
      try connection.send(body, id: id, timeout: timeout.duration)
      return (Delivery(id: id, outcome: .delivered, route: .direct), connection.traffic)
    }
  }
}

/// Who gets a message: a device, or an application of the sender's system.
enum Recipient: ExpressibleByArgument {
  case device(DeviceName)
  case application(ApplicationName)

  init?(argument: String) {
    if let name = ApplicationName(argument: argument) {
      self = .application(name)
    } else if let name = DeviceName(argument: argument) {
      self = .device(name)
    } else {
      return nil
    }
  }
}
