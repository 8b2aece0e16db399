// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import CountersignCrypto
import Records
import Wire

/// What a task asks of a device: it is told the answer.
struct OutgoingRequest: Sendable {
  let ticket: UInt64
  let id: RequestID
  let device: DeviceID
  let body: [UInt8]
  let flags: RequestFlags
  let deadline: ContinuousClock.Instant
  let finish: @Sendable (Result<[UInt8], any Error>) -> Void
}

/// A request that is under way, on the session's thread.
final class PendingRequest {
  let outgoing: OutgoingRequest
  /// What was sent: sent again, the same bytes, until the server has said something about it.
  var sealed: (header: QueueRecord.Request, ciphertext: [UInt8])?
  var state: RequestState?
  var hasLookedAgain = false
  var isOver = false

  init(_ outgoing: OutgoingRequest) { self.outgoing = outgoing }
}

extension ApplicationRole {
  func enqueue(_ outgoing: OutgoingRequest) {
    let request = PendingRequest(outgoing)
    highestTicket = max(highestTicket, outgoing.ticket)
    tickets[outgoing.ticket] = request
    guard cancelledEarly.remove(outgoing.ticket) == nil else {
      return conclude(request, .failure(CancellationError()))
    }
    guard outgoing.body.count <= Message.maximumLength else {
      return conclude(request, .failure(DeviceHostError.device(.messageTooLong)))
    }
    requests[outgoing.id] = request
    waiting.append(request)
    earliest = earliest.map { min($0, outgoing.deadline) } ?? outgoing.deadline
  }

  func cancel(_ ticket: UInt64) {
    if let request = tickets[ticket] {
      conclude(request, .failure(CancellationError()))
    } else if ticket > highestTicket {
      cancelledEarly.insert(ticket)
    }
  }

  func conclude(_ request: PendingRequest, _ result: Result<[UInt8], any Error>) {
    guard !request.isOver else { return }
    request.isOver = true
    tickets[request.outgoing.ticket] = nil
    if requests[request.outgoing.id] === request { requests[request.outgoing.id] = nil }
    request.outgoing.finish(result)
  }

  var nextDeadline: ContinuousClock.Instant? { earliest }

  func expire() {
    guard let first = earliest, first <= .now else { return }
    earliest = nil
    for request in Array(tickets.values) {
      let deadline = request.outgoing.deadline
      if deadline <= .now {
        conclude(request, .failure(DeviceHostError.requestFailed(.expired)))
      } else {
        earliest = earliest.map { min($0, deadline) } ?? deadline
      }
    }
  }

  /// Requests of which the server has said nothing go out again.
  func requeue() {
    awaitingChannel = [:]
    waiting = tickets.values.filter { $0.state == nil }.sorted { $0.outgoing.ticket < $1.outgoing.ticket }
  }

  func sendWaiting() throws(DeviceHostError) {
    guard let session, !waiting.isEmpty else { return }
    let batch = waiting.filter { !$0.isOver }
    waiting = []
    for request in batch {
      if request.sealed == nil {
        guard let id = latest[request.outgoing.device], let channel = channels[id] else {
          awaitingChannel[request.outgoing.device, default: []].append(request)
          if awaitingChannel[request.outgoing.device]?.count == 1 {
            try session.send(.queue(.find(request.outgoing.device)))
          }
          continue
        }
        do throws(DeviceError) { request.sealed = try seal(request, channel) } catch {
          conclude(request, .failure(DeviceHostError.device(error)))
          continue
        }
      }
      if let (header, ciphertext) = request.sealed { try session.send(.queue(.request(header, ciphertext.bytes))) }
    }
  }

  private func seal(
    _ request: PendingRequest, _ channel: ChannelBox
  ) throws(DeviceError) -> (QueueRecord.Request, [UInt8]) {
    let outgoing = request.outgoing
    let left = max(.seconds(1), outgoing.deadline - .now).components.seconds
    var sealed = [UInt8](repeating: 0, count: outgoing.body.count + tagLength)
    var span = sealed.mutableBytes
    let (header, _) = try channel.value.seal(
      outgoing.body.bytes, as: outgoing.id, flags: outgoing.flags, seconds: UInt32(clamping: left), by: &instance,
      into: &span)
    return (header, sealed)
  }

  func takeState(of id: RequestID, _ state: RequestState) throws(DeviceHostError) {
    guard let request = requests[id] else { return }
    request.state = state
    switch state {
    case .stored, .given: break
    case .taken:
      if request.outgoing.flags.contains(.wantsNoReply) { conclude(request, .success([])) }
    case .unknown where !request.hasLookedAgain:
      // The device may have opened another channel since. The refused request was given to nobody.
      request.hasLookedAgain = true
      request.state = nil
      request.sealed = nil
      latest[request.outgoing.device] = nil
      waiting.append(request)
    case .asleep, .unknown, .expired, .tooMany:
      conclude(request, .failure(DeviceHostError.requestFailed(state)))
    }
  }

  /// The device has opened no channel.
  func missChannel(of device: DeviceAddress) {
    for request in awaitingChannel.removeValue(forKey: device.device) ?? [] {
      conclude(request, .failure(DeviceHostError.noChannel(device)))
    }
  }

  /// The device's opening cannot be read, or the device is not trusted.
  func refuseChannel(of device: DeviceAddress, _ error: DeviceHostError) {
    for request in awaitingChannel.removeValue(forKey: device.device) ?? [] {
      conclude(request, .failure(error))
    }
  }
}
