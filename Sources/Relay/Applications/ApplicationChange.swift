// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Foundation
import Mailbox
import Records
import Wire

/// What devices and applications ask of the queues that must reach the disk, or be in order with what must.
enum ApplicationChange: Sendable {
  case open(DeviceChannel)
  case report(Report)
  case done([Int64])
  case release(Int64, isDead: Bool)
  /// Its deadline is in seconds from now.
  case request(WaitingRequest)
  case taken(application: DeviceAddress, request: UInt64)
  case find(DeviceAddress)
  case replay(Int64)

  /// The number of bytes it counts as while it waits for the disk.
  var weight: Int {
    switch self {
    case .open(let channel): max(channel.opening.count, MailboxLimits.smallestCharge)
    case .report(let report): report.weight
    case .done(let sequences): max(sequences.count * 16, MailboxLimits.smallestCharge)
    case .request(let request): max(request.body.count, MailboxLimits.smallestCharge)
    case .release, .taken, .find, .replay: MailboxLimits.smallestCharge
    }
  }
}

/// What became of a change once it is on the disk.
enum ApplicationOutcome {
  case nothing
  case channel(ChannelNotice.Refusal?)
  case report(ReportOutcome)
  case done([Finished])
  case givenBack(attempts: Int, isDead: Bool)
  /// The state, and the session that it is to be given to.
  case request(RequestState, Client?)
  case replayed

  struct Finished {
    let sequence: Int64
    let sender: DeviceAddress
    let id: MessageID
    /// The session of the sender that is to hear of it.
    let client: Client?
  }
}

extension ChannelID {
  /// As a number, most significant byte first.
  var number: UInt64 { bytes.withUnsafeBytes { UInt64(bigEndian: $0.loadUnaligned(as: UInt64.self)) } }

  init(number: UInt64) {
    self.init()
    var target = mutableBytes
    target.storeBytes(of: number.bigEndian, as: UInt64.self)
  }
}
