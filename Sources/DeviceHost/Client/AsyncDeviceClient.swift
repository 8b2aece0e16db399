// SPDX-License-Identifier: Apache-2.0

import Device
import Records
import Synchronization
import Wire

/// A device on this machine: a gateway, a Linux device, a test. It keeps a session with the server, over as many connections as that
/// takes, obeys the server's orders, and sends and receives for as many tasks as there are.
///
/// It works by itself until it is closed, or until nobody has it or anything that came from it any more. What ends it before, a device that
/// is refused or a file that cannot be used, is thrown by ``messages`` and ``requests`` and by everything that waits.
public final class AsyncDeviceClient: Sendable {
  /// A message of another device. Until it is acknowledged, the server keeps it and hands it out again, here or to another process.
  public struct Message: Sendable {
    public let content: ReceivedMessage
    fileprivate let acknowledging: @Sendable () -> Void

    /// The application has the message: this device remembers it, and the server forgets it.
    public func acknowledge() { acknowledging() }
  }

  /// What an application asks of this device.
  public struct Request: Sendable {
    public let application: DeviceAddress
    public let id: RequestID
    public let body: [UInt8]
    /// Whether the application waits for an answer.
    public let wantsReply: Bool
    /// When the application gives up.
    public let deadline: ContinuousClock.Instant
    fileprivate let accepting: @Sendable () -> Void
    fileprivate let replying: @Sendable ([UInt8]) async throws -> Delivery

    /// The request is this device's now: it does not come again, whatever happens. Called before the request is carried out, it is
    /// carried out at most once.
    public func acknowledge() { accepting() }

    /// Sends the answer, and acknowledges the request with it: it has been carried out, perhaps for the second time. Returns when the
    /// server has the answer.
    public func reply(_ body: [UInt8]) async throws -> Delivery { try await replying(body) }
  }

  public let address: DeviceAddress
  /// Messages of other devices.
  public let messages: Deliveries<Message>
  /// Requests of applications.
  public let requests: Deliveries<Request>
  private let sender: Sender

  /// Opens a device's file and begins to connect.
  ///
  /// - Throws: ``DeviceHostError`` when the file, or the list of messages beside it, cannot be used.
  public static func open(
    _ path: String, server: Endpoint, settings: ClientSettings = ClientSettings()
  ) async throws -> AsyncDeviceClient {
    let pipe = try WakePipe()
    let sender = Sender(CommandQueue(pipe))
    let life = ClientLife { [commands = sender.commands] in commands.close() }
    let (messages, deliver) = AsyncThrowingStream.makeStream(of: Message.self, throwing: (any Error).self)
    let (requests, ask) = AsyncThrowingStream.makeStream(of: Request.self, throwing: (any Error).self)
    let address = try await withCheckedThrowingContinuation { (ready: CheckedContinuation<DeviceAddress, any Error>) in
      SessionLoop<DeviceRole>.start(sender.commands, failing: { ready.resume(throwing: $0) }) {
        () throws(DeviceHostError) in
        let device = try AnyDevice(opening: path)
        let inbox = settings.listens ? try Inbox(path: device.path + ".inbox") : nil
        let address = try device.address
        let role = DeviceRole(
          device, inbox, settings,
          deliver: { message, key in
            deliver.yield(Message(content: message) { sender.commands.submit(.acknowledge(key)) })
          },
          ask: { request, body, key in
            ask.yield(Request(request, body, key, of: address.system, by: sender))
          },
          finish: { error in
            deliver.finish(throwing: error)
            ask.finish(throwing: error)
          })
        ready.resume(returning: address)
        return SessionLoop(
          device: device, endpoint: server, settings: settings, role: role, commands: sender.commands, pipe: pipe)
      }
    }
    return AsyncDeviceClient(address, Deliveries(messages, life), Deliveries(requests, life), sender)
  }

  private init(
    _ address: DeviceAddress, _ messages: Deliveries<Message>, _ requests: Deliveries<Request>, _ sender: Sender
  ) {
    self.address = address
    self.messages = messages
    self.requests = requests
    self.sender = sender
  }

  /// Seals a message for another device's key and returns when the server has it on its disk. It is sent again, under its number, until
  /// then.
  ///
  /// - Parameter timeout: how long to try; nil: until the task is cancelled.
  /// - Throws: ``DeviceHostError``; `CancellationError`. The message may have been sent all the same.
  public func send(
    _ body: [UInt8], to recipient: DeviceAddress, timeout: Duration? = nil
  ) async throws -> Delivery {
    try await sender.send(body, to: .device(recipient), timeout: timeout)
  }

  /// Sends a message to an application of this device's system: the relay cannot read it if this device has a key pair. Returns when the
  /// server has it on its disk: the device may forget it. While the application's queue is full, it waits and tries again.
  ///
  /// - Parameters:
  ///   - untilDone: whether to wait until the application says that it is done with the message.
  ///   - timeout: how long to try; nil: until the task is cancelled.
  /// - Throws: ``DeviceHostError``; `CancellationError`. The message may have been sent all the same.
  public func report(
    _ body: [UInt8], to application: ApplicationName = .standard, untilDone: Bool = false, timeout: Duration? = nil
  ) async throws -> Delivery {
    try await sender.send(body, to: .application(application), wantsDone: untilDone, timeout: timeout)
  }

  /// Ends the session. What has not been sent is given up; what has been acknowledged stays so.
  public func close() { sender.commands.close() }

  /// Hands messages to the session's thread.
  fileprivate final class Sender: Sendable {
    let commands: CommandQueue<DeviceRole.Command>
    private let tickets = Atomic<UInt64>(0)

    init(_ commands: CommandQueue<DeviceRole.Command>) { self.commands = commands }

    func send(
      _ body: [UInt8], to target: Outgoing.Target, wantsDone: Bool = false, timeout: Duration? = nil,
      as command: (Outgoing) -> DeviceRole.Command = { .send($0) }
    ) async throws -> Delivery {
      try Task.checkCancellation()
      let ticket = tickets.add(1, ordering: .relaxed).newValue
      return try await withTaskCancellationHandler {
        try await withCheckedThrowingContinuation { continuation in
          let outgoing = Outgoing(
            ticket: ticket, target: target, body: body, wantsDone: wantsDone,
            deadline: timeout.map { .now + $0 }, finish: { continuation.resume(with: $0) })
          if !commands.submit(command(outgoing)) { continuation.resume(throwing: DeviceHostError.closed) }
        }
      } onCancel: {
        commands.submit(.cancel(ticket))
      }
    }
  }
}

extension AsyncDeviceClient.Request {
  fileprivate init(
    _ request: ChannelNotice.Request, _ body: [UInt8], _ key: DeviceRole.RequestKey, of system: SystemID,
    by sender: AsyncDeviceClient.Sender
  ) {
    application = DeviceAddress(system: system, device: request.application)
    id = request.request
    self.body = body
    wantsReply = !request.flags.contains(.wantsNoReply)
    let deadline = ContinuousClock.now + .seconds(Int64(request.secondsLeft))
    self.deadline = deadline
    accepting = { sender.commands.submit(.accept(key, answer: nil)) }
    replying = { body in
      try await sender.send(
        body, to: .answer(application: request.application, request.request),
        timeout: max(.seconds(1), deadline - .now),
        as: { .accept(key, answer: $0) })
    }
  }
}
