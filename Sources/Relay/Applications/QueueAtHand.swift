// SPDX-License-Identifier: Apache-2.0

import Mailbox
import Wire

/// Which messages are in memory, and the leases.
extension ApplicationQueue {
  var hasRoom: Bool { messagesAtHand < limits.messagesAtHand && bytesAtHand < limits.bytesAtHand }

  /// Takes a message from the disk's order of arrival, unless its device has enough at hand.
  func load(_ report: QueuedReport) {
    guard known[report.sequence] == nil else { return }
    var lane = lanes[report.sender] ?? DeviceLane()
    if lane.hasMore || lane.waiting.count >= limits.messagesAtHandPerDevice {
      lane.hasMore = true
      lanes[report.sender] = lane
      return
    }
    lane.lastLoaded = max(lane.lastLoaded, report.sequence)
    lanes[report.sender] = lane
    put(report)
  }

  func put(_ report: QueuedReport) {
    known[report.sequence] = report.sender
    lanes[report.sender, default: DeviceLane()].put(report)
    messagesAtHand += 1
    bytesAtHand += report.body.count
    makeReady(report.sender)
  }

  func makeReady(_ device: DeviceAddress) {
    guard let lane = lanes[device], !lane.isReady, !(lane.waiting.isEmpty && !lane.hasMore) else { return }
    lanes[device]?.isReady = true
    ready.append(device)
  }

  func unlease(_ sequence: Int64, of device: DeviceAddress) {
    guard lanes[device]?.leased.remove(sequence) != nil else { return }
    desk.metrics.leased.add(-1)
    guard let owner = lanes[device]?.owner else { return }
    let wasReady = owner.isReady
    owner.leases -= 1
    if lanes[device]?.leased.isEmpty == true {
      lanes[device]?.owner = nil
      owner.devices.remove(device)
      makeReady(device)
    }
    if !wasReady && owner.isReady { wake(owner) }
  }

  func forget(_ sequence: Int64, of device: DeviceAddress) {
    guard known.removeValue(forKey: sequence) != nil else { return }
    unlease(sequence, of: device)
    if let place = lanes[device]?.waiting.firstIndex(where: { $0.sequence == sequence }) {
      takeWaiting(at: place, of: device)
    }
    if lanes[device]?.isEmpty == true { lanes[device] = nil }
  }

  @discardableResult
  func takeWaiting(at place: Int, of device: DeviceAddress) -> QueuedReport? {
    guard let report = lanes[device]?.waiting.remove(at: place) else { return nil }
    messagesAtHand -= 1
    bytesAtHand -= report.body.count
    return report
  }
}
