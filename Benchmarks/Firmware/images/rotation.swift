import CFirmware
import Credentials
import Device
import Noise
import Primitives

/// A change of keys over the network: a session in which the server orders it, the new key, its certificate verified, and a
/// second session under the new key, after which the old one is overwritten. Every step is stored before the next.
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
  if identity.certificate?.fields.generation != 2 { fail(3) }
  identity.clear()
}

/// One session with the server, until it sends `caughtUp` or has certified the new key.
private func session(_ identity: inout DeviceIdentity) {
  var link = ServerLink(scheme: identity.scheme)
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
  guard let slot = link.slot else { fail(4) }
  while true {
    let length = receive()
    var isLast = false
    let order = measure("record") { () throws(DeviceError) in
      var whole = frame.mutableBytes
      var message = whole.prefix(length)
      let record = try link.open(&message)
      if case .caughtUp = record { isLast = true }
      return try identity.receive(record, over: slot)
    }
    store(&identity)
    switch order {
    case .none: if !isLast { continue }
    case .renew(let key):
      say(.renew(key), &link)
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

private func say(_ record: consuming DeviceRecord, _ link: inout ServerLink) {
  let length = measure("seal") { () throws(DeviceError) in
    var target = frame.mutableBytes
    return try link.seal(record, into: &target)
  }
  send(length)
}
