// SPDX-License-Identifier: Apache-2.0

import CFirmware
import Credentials
import Device
import Noise
import CountersignCrypto
import Wire
import Records

/// A change of keys over the network: a session in which the server orders it, the new key, its certificate verified, and a
/// second session under the new key, after which the old one is overwritten. Every step is stored before the next. With an
/// identity-based credential the device sends the point of its own part instead of a key, and takes the answer.
@c(image_main)
func imageMain() {
  rotate()
  secrets_gone()
}

private func rotate() {
  var identity = DeviceIdentity()
  load(&identity)
  session(&identity)
  session(&identity)
  check(identity)
  identity.clear()
}

@inline(never)
private func check(_ identity: borrowing DeviceIdentity) {
  if identity.certificate?.fields.generation != 2 { fail(3) }
}

/// One session with the server, until it sends `caughtUp` or has certified the new key.
@inline(never)
private func session(_ identity: inout DeviceIdentity) {
  var link = ServerLink(scheme: identity.scheme)
  open(&link, &identity)
  while true {
    var isLast = false
    let order = answer(&link, &identity, &isLast)
    store(&identity)
    switch order {
    case .none: if !isLast { continue }
    case .renew(let key):
      send(
        measure("renew") { () throws(DeviceError) in
          var target = frame.mutableBytes
          return try link.seal(try link.renewal(of: key, identity), into: &target)
        })
      continue
    case .request(let point):
      say(.request(point), &link)
      continue
    case .reconnect: break
    }
    link.close()
    return
  }
}

@inline(never)
private func open(_ link: inout ServerLink, _ identity: inout DeviceIdentity) {
  send(
    measure("write-1") { () throws(DeviceError) in
      var target = frame.mutableBytes
      return try link.writeHello(identity, into: &target)
    })
  let replyLength = receive()
  measure("read-2") { () throws(DeviceError) in
    try link.readReply(frame.bytes.extracting(0..<replyLength))
  }
  say(.hello(identity.hello(listens: true)), &link)
}

/// Takes one record of the server. `isLast` becomes true when the server has nothing more to say.
@inline(never)
private func answer(
  _ link: inout ServerLink, _ identity: inout DeviceIdentity, _ isLast: inout Bool
) -> DeviceIdentity.Order {
  guard let slot = link.slot else { fail(4) }
  let length = receive()
  var kind: StaticString = "record"
  return measure(kind) { () throws(DeviceError) in
    var whole = frame.mutableBytes
    var message = whole.prefix(length)
    let record = try link.open(&message)
    switch record {
    case .welcome: kind = "welcome"
    case .rotate: kind = "rotate"
    case .certificate, .credential: kind = "certified"
    case .caughtUp: isLast = true
    default: break
    }
    return try identity.receive(record, over: slot)
  }
}

@inline(never)
private func say(_ record: consuming DeviceRecord, _ link: inout ServerLink) {
  let length = measure("seal") { () throws(DeviceError) in
    var target = frame.mutableBytes
    return try link.seal(record, into: &target)
  }
  send(length)
}
