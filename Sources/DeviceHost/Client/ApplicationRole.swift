// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import CountersignCrypto
import Records
import Wire

/// An instance of an application at work: takes what devices report, as much at a time as its owner keeps up with, and says what is done.
/// Requests are in a separate file.
final class ApplicationRole: SessionRole {
  enum Command: Sendable {
    case request(OutgoingRequest)
    case cancel(UInt64)
    case done(QueueSequence)
    case release(QueueSequence, isDead: Bool)
    case replay(from: QueueSequence)
  }

  /// Channels of devices that are kept; the least recently used is thrown away, and rebuilt from its opening when it is needed.
  static let maximumChannelCount = 65_536
  /// Sequences of messages that were done lately: should one come again, it is done again and not handed on.
  static let maximumDoneCount = 65_536

  private let device: AnyDevice
  let address: DeviceAddress
  let settings: ClientSettings
  private let credit: Int
  private let deliver: (QueueNotice.Report, [UInt8]) -> Void
  private let see: (DeviceAddress, QueueNotice.Event, UInt64) -> Void
  private let finish: (DeviceHostError?) -> Void
  var session: (any RecordSession)?
  var channels = ChannelCache(limit: maximumChannelCount)
  var instance = ApplicationInstance()

  /// What the owner has and is not done with: the bytes of each.
  private var held: [QueueSequence: Int] = [:]
  private var heldBytes = 0
  /// Bytes of records that the server may still send in this session.
  private var granted = 0
  private var done: [QueueSequence] = []
  private var released: [(QueueSequence, isDead: Bool)] = []
  private var recentlyDone = RecentSet<QueueSequence>(limit: maximumDoneCount)
  private var replays: [QueueSequence] = []
  /// Reports whose channel has been thrown away, until its opening comes again.
  private var awaitingOpening: [ChannelID: [(QueueNotice.Report, [UInt8])]] = [:]

  // Requests.
  var waiting: [PendingRequest] = []
  var requests: [RequestID: PendingRequest] = [:]
  var tickets: [UInt64: PendingRequest] = [:]
  var awaitingChannel: [DeviceID: [PendingRequest]] = [:]
  var latest: [DeviceID: ChannelID] = [:]
  var highestTicket: UInt64 = 0
  var cancelledEarly: Set<UInt64> = []
  var earliest: ContinuousClock.Instant?

  init(
    _ device: AnyDevice, _ settings: ClientSettings, credit: Int,
    deliver: @escaping (QueueNotice.Report, [UInt8]) -> Void,
    see: @escaping (DeviceAddress, QueueNotice.Event, UInt64) -> Void, finish: @escaping (DeviceHostError?) -> Void
  ) throws(DeviceHostError) {
    self.device = device
    self.settings = settings
    self.credit = credit
    self.deliver = deliver
    self.see = see
    self.finish = finish
    guard case .key(let store) = device.store, try store.read({ $0.certificate?.fields.isApplication ?? false }) else {
      throw .wrongRole(isApplication: false)
    }
    address = try device.address
  }

  /// The application's identity as its session knows it: each session opens the file again.
  private func reading<R>(
    _ body: (borrowing DeviceIdentity) throws(DeviceError) -> R
  ) throws(DeviceHostError) -> R {
    guard case .key(let store) = device.store else { throw .wrongRole(isApplication: false) }
    return try store.read(body)
  }

  func take(_ command: Command) {
    switch command {
    case .request(let request): enqueue(request)
    case .cancel(let ticket): cancel(ticket)
    case .done(let sequence):
      if settle(sequence) { done.append(sequence) }
    case .release(let sequence, let isDead):
      if settle(sequence) { released.append((sequence, isDead)) }
    case .replay(let sequence): replays.append(sequence)
    }
  }

  private func settle(_ sequence: QueueSequence) -> Bool {
    guard let bytes = held.removeValue(forKey: sequence) else { return false }
    heldBytes -= bytes
    return true
  }

  func begin(_ session: any RecordSession) throws(DeviceHostError) {
    self.session = session
    granted = 0
    awaitingOpening = [:]
  }

  func interrupt() {
    session = nil
    requeue()
  }

  func end(_ error: DeviceHostError?) {
    for request in Array(tickets.values) { conclude(request, .failure(error ?? .closed)) }
    finish(error)
  }

  func flush() throws(DeviceHostError) {
    guard let session else { return }
    while !done.isEmpty {
      let batch = Array(done.prefix(4096))
      var bytes = [UInt8](repeating: 0, count: 8 * batch.count)
      var span = bytes.mutableBytes
      var writer = ByteWriter(&span)
      for sequence in batch { writer.uint64(sequence) }
      _ = consume writer
      try session.send(.queue(.done(bytes.bytes)))
      done.removeFirst(batch.count)
      for sequence in batch { recentlyDone.insert(sequence) }
    }
    while let (sequence, isDead) = released.first {
      try session.send(.queue(.release(sequence, isDead: isDead)))
      released.removeFirst()
    }
    while let sequence = replays.first {
      try session.send(.queue(.replay(from: sequence)))
      recentlyDone.removeAll()
      replays.removeFirst()
    }
    try grant()
    try sendWaiting()
  }

  /// Asks for as many bytes as the owner has room for. Small amounts wait for others.
  private func grant() throws(DeviceHostError) {
    guard settings.listens, let session else { return }
    let more = credit - heldBytes - granted
    guard more >= credit / 4 || granted <= 0 && more > 0 else { return }
    try session.send(.queue(.take(bytes: UInt32(clamping: more))))
    granted += more
  }

  func receive(_ event: SessionEvent) throws(DeviceHostError) {
    switch event {
    case .opening(let device, let generation, let id, let opening):
      try takeOpening(of: device, generation, id, opening)
    case .report(let report, let body): try takeReport(report, body)
    case .requestState(let id, let state): try takeState(of: id, state)
    case .presence(let device, let event, let milliseconds): see(device, event, milliseconds)
    default: break
    }
  }

  private func takeReport(_ report: QueueNotice.Report, _ body: [UInt8]) throws(DeviceHostError) {
    granted -= Self.charge(report, body)
    guard held[report.sequence] == nil else { return }
    guard !recentlyDone.contains(report.sequence) else { return done.append(report.sequence) }
    guard report.isOpen || channels[report.channel] != nil else {
      // Thrown away in this session: the server has sent its opening before, and does so again when it is asked.
      awaitingOpening[report.channel, default: []].append((report, body))
      try session?.send(.queue(.find(report.device.device)))
      return
    }
    handOn(report, body)
  }

  /// What a report takes of the credit: the length of its record.
  private static func charge(_ report: QueueNotice.Report, _ body: [UInt8]) -> Int {
    QueueNotice.Report.overhead + (report.request == nil ? 0 : 8) + body.count
  }

  private func handOn(_ report: QueueNotice.Report, _ body: [UInt8]) {
    let text: [UInt8]
    do throws(DeviceError) { text = report.isOpen ? body : try open(report, body) } catch {
      settings.onStatus?(.refused(from: report.device, error))
      // Nobody else can read it either, unless another instance has a key that this one does not have yet.
      return released.append((report.sequence, isDead: error != .channel(.unknownKey)))
    }
    if let id = report.request, let request = requests[id], request.outgoing.device == report.device.device,
      !report.isOpen
    {
      conclude(request, .success(text))
      return done.append(report.sequence)
    }
    held[report.sequence] = Self.charge(report, body)
    heldBytes += Self.charge(report, body)
    deliver(report, text)
  }

  private func open(_ report: QueueNotice.Report, _ body: [UInt8]) throws(DeviceError) -> [UInt8] {
    guard let channel = channels[report.channel] else { throw .channel(.notOpen) }
    do throws(DeviceHostError) {
      try reading { identity throws(DeviceError) in try identity.check(channel.value) }
    } catch { throw error.ofDevice }
    var text = [UInt8](repeating: 0, count: max(1, body.count))
    var span = text.mutableBytes
    let length = try channel.value.open(body.bytes, of: report, into: &span)
    return Array(text[..<length])
  }

  private func takeOpening(
    of device: DeviceAddress, _ generation: Generation, _ id: ChannelID, _ opening: [UInt8]
  ) throws(DeviceHostError) {
    // One that was asked for takes nothing; a few bytes too many are better than credit that never comes back.
    granted -= QueueNotice.openingOverhead + opening.count
    if opening.isEmpty {
      missChannel(of: device)
    } else if channels[id] == nil {
      do throws(DeviceHostError) {
        let channel = try rebuild(device, generation, opening)
        channels.insert(channel, as: id)
        latest[device.device] = id
      } catch {
        guard case .device(let reason) = error else { throw error }
        settings.onStatus?(.refused(from: device, reason))
        refuseChannel(of: device, error)
      }
    } else {
      latest[device.device] = id
    }
    for (report, body) in awaitingOpening.removeValue(forKey: id) ?? [] { handOn(report, body) }
    for request in awaitingChannel.removeValue(forKey: device.device) ?? [] where !request.isOver {
      waiting.append(request)
    }
  }

  /// The key may be one that another process has stored meanwhile.
  private func rebuild(
    _ device: DeviceAddress, _ generation: Generation, _ opening: [UInt8]
  ) throws(DeviceHostError) -> ChannelBox {
    let channel = ChannelBox()
    func open() throws(DeviceHostError) {
      try reading { identity throws(DeviceError) in
        try identity.open(opening.bytes, from: device, generation: generation, into: &channel.value)
      }
    }
    do throws(DeviceHostError) { try open() } catch {
      guard error == .device(.channel(.unknownKey)) else { throw error }
      if case .key(let store) = self.device.store { try store.refresh() }
      try open()
    }
    return channel
  }
}

/// An application's end of a channel, in a place that does not move.
final class ChannelBox {
  var value = ApplicationChannel()

  deinit { value.wipe() }
}

extension DeviceHostError {
  /// What reading from an identity in memory can throw.
  var ofDevice: DeviceError {
    if case .device(let error) = self { error } else { .noUsableKey }
  }
}
