// SPDX-License-Identifier: Apache-2.0

import CCountersign
import CountersignCrypto
import Wire

@c @implementation
public func countersign_inbox_create(_ inbox: UnsafeMutablePointer<UInt8>, _ inboxSize: Int) -> countersign_result {
  guard inboxSize >= Inbox.headerLength + Inbox.placeLength else {
    return countersign_result(COUNTERSIGN_BUFFER_TOO_SMALL)
  }
  var new = Inbox(span(inbox, inboxSize))
  new.makeEmpty()
  return ok()
}

@c @implementation
public func countersign_inbox_check(_ inbox: UnsafePointer<UInt8>, _ inboxSize: Int) -> countersign_result {
  borrow(inbox, inboxSize).isWhole ? ok() : countersign_result(COUNTERSIGN_CORRUPT)
}

@c @implementation
public func countersign_inbox_judge(
  _ inbox: UnsafePointer<UInt8>, _ inboxSize: Int, _ message: UnsafePointer<countersign_message>
) -> countersign_result {
  judge(borrow(inbox, inboxSize), message)
}

private func judge(
  _ inbox: borrowing Inbox, _ message: UnsafePointer<countersign_message>
) -> countersign_result {
  guard inbox.isOne else { return countersign_result(COUNTERSIGN_CORRUPT) }
  let id = MessageID(message.pointee.number)
  // No device has a generation 0. With a later generation than its certificate's a sender would use up the numbers of a future key.
  guard id.generation > 0, id.generation <= message.pointee.generation else {
    return countersign_result(COUNTERSIGN_IMPOSSIBLE_NUMBER)
  }
  return inbox.judge(id, from: sender(message))
}

@c @implementation
public func countersign_inbox_remember(
  _ inbox: UnsafeMutablePointer<UInt8>, _ inboxSize: Int, _ message: UnsafePointer<countersign_message>
) -> countersign_result {
  var known = Inbox(span(inbox, inboxSize))
  let judgement = judge(known, message)
  guard judgement == ok() else { return judgement }
  known.remember(MessageID(message.pointee.number), from: sender(message))
  return ok()
}

@c @implementation
public func countersign_inbox_forget(
  _ inbox: UnsafeMutablePointer<UInt8>, _ inboxSize: Int, _ sender: UnsafePointer<countersign_address>
) -> countersign_result {
  var known = Inbox(span(inbox, inboxSize))
  guard known.isOne else { return countersign_result(COUNTERSIGN_CORRUPT) }
  known.forget(DeviceAddress(sender))
  return ok()
}

/// An inbox that is only read.
@_lifetime(immortal)
private func borrow(_ inbox: UnsafePointer<UInt8>, _ size: Int) -> Inbox {
  Inbox(span(UnsafeMutablePointer(mutating: inbox), size))
}

private func sender(_ message: UnsafePointer<countersign_message>) -> DeviceAddress {
  DeviceAddress(
    system: SystemID(message.pointee.from.system), device: DeviceID(message.pointee.from.device))
}
