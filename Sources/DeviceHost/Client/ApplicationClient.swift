// SPDX-License-Identifier: Apache-2.0

import Device
import CountersignCrypto
import Records
import Synchronization
import Wire

/// One instance of an application: gets what the devices of its system report, and asks devices for something. Several instances, in one
/// process or on several machines, share the work: a device's reports go to one of them at a time, in order.
///
/// It works by itself until it is closed, or until nobody has it or anything that came from it any more. What ends it before is thrown by
/// ``reports`` and by everything that waits.
public final class ApplicationClient: Sendable {
  /// What a device has reported. Until it is done, the server keeps it, and gives it to another instance when this one ends.
  public struct Report: Sendable {
    public let device: DeviceAddress
    /// The device's number for it: the same however often it comes.
    public let id: MessageID
    public let body: [UInt8]
    /// Its place in the application's queue.
    public let sequence: QueueSequence
    /// When it arrived at the server: milliseconds since 1970, by the server's clock.
    public let milliseconds: UInt64
    /// How many times it has been given to an instance, this time included.
    public let attempt: Int
    /// Whether the server could read it, and could have made it: the device has no key pair.
    public let isHopByHop: Bool
    /// The request that it answers, if this instance did not wait for that answer: it is late, or comes once more, or is another
    /// instance's.
    public let request: RequestID?
    fileprivate let settling: @Sendable (ApplicationRole.Command) -> Void

    /// The application has done what it had to do: the server forgets the report, and tells the device if it wants to know.
    public func done() { settling(.done(sequence)) }

    /// Gives it back: to an instance that gets it again, or to the dead letters, where the owner finds it.
    public func release(toDeadLetters: Bool = false) { settling(.release(sequence, isDead: toDeadLetters)) }
  }

  /// What has become of a device.
  public struct Presence: Sendable {
    public let device: DeviceAddress
    public let event: QueueNotice.Event
    /// Since 1970, by the server's clock.
    public let milliseconds: UInt64
  }

  /// The server counts no more.
  private static let maximumCredit = 2 << 20

  public let address: DeviceAddress
  public let reports: Deliveries<Report>
  /// The last 4,096 events that nobody has looked at yet.
  public let presence: Deliveries<Presence>
  private let commands: CommandQueue<ApplicationRole.Command>
  private let tickets = Atomic<UInt64>(0)

  /// Opens an application's file and begins to connect.
  ///
  /// - Parameter credit: how many bytes of records it may have that are not done, at most 2 MiB; one longer report comes alone.
  /// - Throws: ``DeviceHostError`` when the file cannot be used; ``DeviceHostError/wrongRole(isApplication:)`` when it is a device's.
  public static func open(
    _ path: String, server: Endpoint, credit: Int = 1 << 20, settings: ClientSettings = ClientSettings()
  ) async throws -> ApplicationClient {
    let pipe = try WakePipe()
    let commands = CommandQueue<ApplicationRole.Command>(pipe)
    let life = ClientLife { commands.close() }
    let (reports, deliver) = AsyncThrowingStream.makeStream(of: Report.self, throwing: (any Error).self)
    let (presence, see) = AsyncThrowingStream.makeStream(
      of: Presence.self, throwing: (any Error).self, bufferingPolicy: .bufferingNewest(4096))
    let address = try await withCheckedThrowingContinuation { (ready: CheckedContinuation<DeviceAddress, any Error>) in
      SessionLoop<ApplicationRole>.start(commands, failing: { ready.resume(throwing: $0) }) {
        () throws(DeviceHostError) in
        let device = try AnyDevice(opening: path)
        let role = try ApplicationRole(
          device, settings, credit: min(max(1, credit), Self.maximumCredit),
          deliver: { report, body in deliver.yield(Report(report, body) { commands.submit($0) }) },
          see: { see.yield(Presence(device: $0, event: $1, milliseconds: $2)) },
          finish: { error in
            deliver.finish(throwing: error)
            see.finish(throwing: error)
          })
        ready.resume(returning: role.address)
        return SessionLoop(
          device: device, endpoint: server, settings: settings, role: role, commands: commands, pipe: pipe)
      }
    }
    return ApplicationClient(address, Deliveries(reports, life), Deliveries(presence, life), commands)
  }

  private init(
    _ address: DeviceAddress, _ reports: Deliveries<Report>, _ presence: Deliveries<Presence>,
    _ commands: CommandQueue<ApplicationRole.Command>
  ) {
    self.address = address
    self.reports = reports
    self.presence = presence
    self.commands = commands
  }

  /// Asks a device of the application's system for something and returns its answer. The relay can read neither.
  ///
  /// Ask from another task than the one that reads ``reports``: the answer comes behind the reports before it.
  ///
  /// - Parameters:
  ///   - id: names the request to the device; one that was answered late is recognised by it.
  ///   - waits: whether the request waits, until its deadline, for a device that is not there.
  ///   - timeout: how long the device may take: whole seconds, at least one.
  /// - Throws: ``DeviceHostError/requestFailed(_:)``; ``DeviceHostError/noChannel(_:)`` for a device that has never reported;
  ///   `CancellationError`. The device may have carried it out all the same.
  public func request(
    _ body: [UInt8], of device: DeviceID, id: RequestID = .random(in: 1 ... .max), waits: Bool = false,
    timeout: Duration = .seconds(10)
  ) async throws -> [UInt8] {
    try await perform(body, device, id, waits ? .waits : [], timeout)
  }

  /// ``request(_:of:id:waits:timeout:)`` without an answer: returns when the device has stored that it had it.
  public func command(
    _ body: [UInt8], of device: DeviceID, id: RequestID = .random(in: 1 ... .max), waits: Bool = false,
    timeout: Duration = .seconds(10)
  ) async throws {
    _ = try await perform(body, device, id, waits ? [.waits, .wantsNoReply] : .wantsNoReply, timeout)
  }

  /// Asks for everything from `sequence` on that the server still keeps, done or not.
  public func replay(from sequence: QueueSequence) { commands.submit(.replay(from: sequence)) }

  /// Ends the session. What is not done goes to another instance, or to this one's successor.
  public func close() { commands.close() }

  private func perform(
    _ body: [UInt8], _ device: DeviceID, _ id: RequestID, _ flags: RequestFlags, _ timeout: Duration
  ) async throws -> [UInt8] {
    try Task.checkCancellation()
    let ticket = tickets.add(1, ordering: .relaxed).newValue
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let request = OutgoingRequest(
          ticket: ticket, id: id, device: device, body: body, flags: flags,
          deadline: .now + max(.seconds(1), timeout), finish: { continuation.resume(with: $0) })
        if !commands.submit(.request(request)) { continuation.resume(throwing: DeviceHostError.closed) }
      }
    } onCancel: {
      commands.submit(.cancel(ticket))
    }
  }
}

extension ApplicationClient.Report {
  fileprivate init(
    _ report: QueueNotice.Report, _ body: [UInt8], settling: @escaping @Sendable (ApplicationRole.Command) -> Void
  ) {
    device = report.device
    id = report.id
    self.body = body
    sequence = report.sequence
    milliseconds = report.milliseconds
    attempt = Int(report.attempt)
    isHopByHop = report.isOpen
    request = report.request
    self.settling = settling
  }
}
