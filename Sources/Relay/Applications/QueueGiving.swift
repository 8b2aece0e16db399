// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import DequeModule
import Mailbox
import Records
import Registry
import Wire

/// Giving out messages to the instances that are ready.
extension ApplicationQueue {
  /// Gives out what can be given out, reading on as there is room.
  func goOn() throws(RelayError) {
    guard !instances.isEmpty else { return }
    trust = SenderTrust(desk.registry)
    try giveOut()
    var pages = 0
    while !isComplete, hasRoom, instances.contains(where: \.isReady) {
      guard pages < Self.pagesAtOnce else {
        goOnLater()
        break
      }
      pages += 1
      try loadPage()
      try giveOut()
    }
    for instance in instances { instance.flush() }
    try dropWithheld()
  }

  func loadPage() throws(RelayError) {
    let (reports, isLast) = try usingMailbox { () throws(MailboxError) in
      try desk.mailbox.queued(
        for: address, from: nil, after: loadedThrough, limit: Self.pageLength, bytes: Self.pageBytes, at: desk.clock())
    }
    for report in reports { load(report) }
    if let last = reports.last { loadedThrough = last.sequence }
    isComplete = isLast
  }

  func giveOut() throws(RelayError) {
    while let device = ready.popFirst() {
      lanes[device]?.isReady = false
      guard let lane = lanes[device] else { continue }
      if lane.waiting.isEmpty {
        if lane.hasMore { try refill(device) }
        guard lanes[device]?.waiting.isEmpty == false else {
          if lanes[device]?.isEmpty == true { lanes[device] = nil }
          continue
        }
      }
      if let owner = lane.owner {
        guard owner.isReady else {
          owner.waiting.append(device)
          continue
        }
        try lease(device, to: owner)
      } else if let free = nextReady() {
        try lease(device, to: free)
      } else {
        lanes[device]?.isReady = true
        ready.prepend(device)
        return
      }
      makeReady(device)
    }
  }

  /// The next instance that is ready, in turn.
  func nextReady() -> Instance? {
    for _ in instances.indices {
      nextInstance = (nextInstance + 1) % instances.count
      if instances[nextInstance].isReady { return instances[nextInstance] }
    }
    return nil
  }

  func lease(_ device: DeviceAddress, to instance: Instance) throws(RelayError) {
    guard let report = takeWaiting(at: 0, of: device) else { return }
    do throws(RegistryError) {
      guard try !trust.isRevoked(report.sender, report.id) else {
        known[report.sequence] = nil
        withheld.append(report.sequence)
        return
      }
    } catch { throw .registry(error) }
    var channel = ChannelID()
    if let row = report.channelRow {
      guard let found = try usingMailbox({ () throws(MailboxError) in try desk.mailbox.channel(row: row) }) else {
        return
      }
      channel = ChannelID(number: found.id)
      if instance.announces(row) { instance.put(OutgoingRecord(opening: found)) }
    }
    instance.put(OutgoingRecord(report, channel: channel))
    instance.leases += 1
    instance.devices.insert(device)
    lanes[device]?.owner = instance
    lanes[device]?.leased.insert(report.sequence)
    leases.append(Lease(sequence: report.sequence, device: device, deadline: desk.clock() + limits.lease))
    desk.metrics.leased.add(1)
  }

  /// Reads on in one device's messages.
  func refill(_ device: DeviceAddress) throws(RelayError) {
    let after = lanes[device]?.lastLoaded ?? 0
    let (reports, isLast) = try usingMailbox { () throws(MailboxError) in
      try desk.mailbox.queued(
        for: address, from: device, after: after, limit: limits.messagesAtHandPerDevice, bytes: Self.pageBytes,
        at: desk.clock())
    }
    lanes[device]?.hasMore = !isLast
    if let last = reports.last { lanes[device]?.lastLoaded = last.sequence }
    lanes[device]?.isReady = true
    for report in reports where known[report.sequence] == nil { put(report) }
    lanes[device]?.isReady = false
  }

  /// Removes what devices have left behind that are revoked now.
  func dropWithheld() throws(RelayError) {
    guard !withheld.isEmpty else { return }
    let sequences = withheld
    withheld = []
    let now = desk.clock()
    try usingMailbox { () throws(MailboxError) in
      try desk.mailbox.transaction { mail throws(MailboxError) in
        for sequence in sequences { _ = try mail.finish(sequence, of: address, keeping: 0, at: now) }
      }
    }
    desk.metrics.mailWithheld.add(sequences.count)
    desk.metrics.queued.add(-sequences.count)
  }
}
