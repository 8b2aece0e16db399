// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Credentials
import Device
import DeviceHost
import Foundation
import Schemes
import Wire

struct Listen: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Wait for messages and print them.",
    discussion: """
      Connects to the server and prints each message once, on a line of its own: first what waited in the mailbox, then what \
      others send. It obeys the server's orders meanwhile: new epochs, revocations, a change of key. If the server goes away, \
      the device reconnects.

      A device without a key pair gets messages that the server can read; with --hop-by-hop, so does any device from such \
      devices. These messages are marked, and their route in JSON is hop-by-hop. Only the sender and this device can read any \
      other.

      A message is acknowledged once it is printed. The reader of a pipe has two seconds to read it; if the reader goes away \
      meanwhile, the message is not acknowledged. A program that must lose none uses --acknowledge and writes the message_id of \
      each message, as a line, to this command's standard input when it is done with it. A message that was not acknowledged \
      comes again.

      With --direct it listens on its own port instead, and verifies the other device offline.

      Examples:
        countersign listen --device pump.device --server 127.0.0.1:7700
        countersign listen --device pump.device --server 127.0.0.1:7700 --count 1 \\
          --output json
        countersign listen --device pump.device --server [::1]:7700 --timeout 60
        countersign listen --device pump.device --server 127.0.0.1:7700 \\
          --output json --acknowledge
        countersign listen --device pump.device --direct 127.0.0.1:7800
      """)

  @OptionGroup var device: DeviceOptions

  @Option(name: .long, help: ArgumentHelp("The server (or COUNTERSIGN_SERVER).", valueName: "host:port"))
  var server: String?

  @Option(
    name: .long, help: ArgumentHelp("Wait on this address for other devices, without a server.", valueName: "host:port")
  )
  var direct: String?

  @OptionGroup var hopByHop: HopByHopOption
  @OptionGroup var kept: KeepCertificatesOption

  @Option(name: .long, parsing: .unconditional, help: "Stop after this many messages.", transform: number(1...))
  var count: Int?

  @Option(
    name: .long, parsing: .unconditional,
    help: ArgumentHelp("Stop with an error if no message comes for this long.", valueName: "seconds"),
    transform: Seconds.parse)
  var timeout: Seconds?

  @Flag(
    name: .long,
    help: "Acknowledge a message only when its message_id comes back as a line on standard input; with --output json.")
  var acknowledge = false

  @OptionGroup var output: OutputOptions

  func validate() throws {
    if acknowledge && !output.isJSON {
      throw ValidationError("--acknowledge goes with --output json, which has the ids.")
    }
    if server != nil && direct != nil { throw ValidationError("--server and --direct exclude each other.") }
  }

  func run() throws {
    let device = try device.open(patience: min(timeout?.duration ?? .seconds(10), .seconds(10)))
    let inbox = try self.device.inbox(of: device)
    let own = try reporting { () throws(DeviceHostError) in try device.address.system }
    let printer = MessagePrinter(isJSON: output.isJSON, system: own, acknowledgements: acknowledge ? InputLines() : nil)
    defer { printer.flush() }
    let keeper = try kept.keeper()
    if let direct {
      try listen(direct: try Endpoint(option: direct), try device.keyed(), inbox, printer, keeper)
    } else {
      try listen(server: try ServerOption.endpoint(server), device, inbox, printer, keeper)
    }
  }

  private func isDone(_ printer: MessagePrinter) -> Bool {
    count.map { printer.count >= $0 } ?? false
  }

  /// After this long without a message a ping keeps the session open; its answer may take as long.
  private static let quiet = Duration.seconds(15)

  /// How long a message may still take to come.
  private func left(since lastMessage: ContinuousClock.Instant) -> Duration {
    guard let timeout else { return .seconds(86_400) }
    return max(.milliseconds(1), timeout.duration - lastMessage.duration(to: .now))
  }

  /// Listens over one session after another, because sessions end: with a new key, or because the server went away.
  private func listen(
    server endpoint: Endpoint, _ device: AnyDevice, _ inbox: Inbox, _ printer: MessagePrinter,
    _ keeper: KeptCertificates?
  ) throws(Failure) {
    var backoff = Backoff()
    var lastMessage = ContinuousClock.now
    var began = lastMessage
    while !isDone(printer) {
      began = .now
      do throws(DeviceHostError) {
        let client = try device.connect(
          to: endpoint, listens: true, allowsHopByHop: hopByHop.hopByHop,
          timeout: min(.seconds(10), left(since: lastMessage)))
        began = .now
        var lastPing: ContinuousClock.Instant?
        client.onRefusedMessage = { printer.refused(from: $0, $1) }
        (client as? DeviceClient)?.onPeerCertificate = { keeper?.keep($0) }
        printer.note(
          "listening as \(try device.address) at \(endpoint)"
            + (device.isSymmetric ? " (\(try device.scheme.name): the server reads every message)" : ""))
        if let doubt = try Self.doubt(device) { printer.note(doubt) }
        while !isDone(printer), !client.shouldReconnect {
          let got = try client.receiveMessage(inbox: inbox, timeout: min(Self.quiet, left(since: lastMessage))) {
            printer.show($0)
          }
          if got {
            lastMessage = .now
          } else if let timeout, lastMessage.duration(to: .now) >= timeout.duration {
            throw .timedOut(waitingFor: "a message")
          } else if !client.shouldReconnect {
            // A connection may die silently: a process that only waits never learns of it.
            if let lastPing, client.lastHeard < lastPing {
              throw .connectionLost(reason: "the server does not answer")
            }
            lastPing = .now
            try client.ping()
          }
        }
      } catch {
        guard case .connectionLost = error else {
          // A server that is being restarted does not answer for a moment; one that keeps hanging up means it.
          let limit = if case .hungUp = error { 4 } else { 60 }
          guard backoff.count > 0, error.isTransient, backoff.count < limit else {
            throw Failure(error, at: endpoint)
          }
          backoff.wait()
          continue
        }
        // A session that lasted shows that all was well; a short one may be another process's doing, and the two must not chase
        // each other.
        if began.duration(to: .now) > .seconds(5) { backoff.reset() }
        printer.note(
          backoff.count < 3
            ? "the connection was lost; connecting again"
            : "the connection keeps getting lost; does another process listen as this device?")
        backoff.wait()
      }
    }
  }

  /// What this device cannot know by itself, because a list of fixed size is full.
  private static func doubt(_ device: AnyDevice) throws(DeviceHostError) -> String? {
    guard case .key(let store) = device.store else { return nil }
    let (revocations, policies) = try store.read {
      ($0.trust.revocations.isOverflowing, $0.trust.policiesAreFull)
    }
    if revocations {
      return
        "there are more revocations than this device holds (\(RevocationList.capacity)): it takes the server's word"
    }
    guard policies else { return nil }
    return
      "there may be more policies than this device holds (\(TrustStore.maximumPolicyCount)): it takes the server's word"
  }

  private func listen(
    direct endpoint: Endpoint, _ store: DeviceStore, _ inbox: Inbox, _ printer: MessagePrinter,
    _ keeper: KeptCertificates?
  ) throws(Failure) {
    let listener: DirectListener
    do { listener = try DirectListener(on: endpoint) } catch {
      guard case .unreachable(_, let reason) = error else { throw Failure(error) }
      throw Failure(listening: endpoint, reason: reason)
    }
    let bound = Endpoint(host: endpoint.host, port: listener.port)
    printer.note(
      "listening as \(try reporting { () throws(DeviceHostError) in try store.read { $0.address } }) at \(bound)")
    while !isDone(printer) {
      var speaker: DirectConnection?
      do throws(DeviceHostError) {
        speaker = try listener.nextSpeaker(store, waiting: timeout?.duration ?? .seconds(3600))
        guard let connection = speaker else {
          guard timeout == nil else { throw .timedOut(waitingFor: "another device") }
          continue
        }
        keeper?.keep(connection.peer)
        // One message at a time: the other devices have their turn after it.
        if let message = try connection.receiveMessage(timeout: .zero) {
          _ = try inbox.take(message, deliver: printer.show) { judgement throws(DeviceHostError) in
            if case .refuse(let reason) = judgement { printer.refused(from: message.from, .notTaken(reason)) }
            try connection.answer(message, judgement)
          }
        }
      } catch {
        // One device that is refused, or that goes away, is no reason to stop waiting for others.
        if let speaker { listener.end(speaker) }
        if case .connectionLost = error { continue }
        if case .timedOut("another device") = error { throw Failure(error) }
        printer.noteStranger("refused a connection: \(Failure(error).message)")
      }
    }
  }
}

/// `--server`, or COUNTERSIGN_SERVER.
enum ServerOption {
  static func endpoint(_ option: String?) throws(Failure) -> Endpoint {
    guard let text = option ?? environment("COUNTERSIGN_SERVER") else {
      throw Failure(.usage, "which server?", hint: "Give --server HOST:PORT, or set COUNTERSIGN_SERVER.")
    }
    return try Endpoint(option: text, mayBeDatagram: true)
  }
}
