// SPDX-License-Identifier: Apache-2.0

import CCountersign
import Device
import CountersignCrypto

@c @implementation
public func countersign_make_ephemeral(
  _ ephemeral: UnsafeMutablePointer<UInt8>, _ ephemeralCapacity: Int
) -> countersign_result {
  guard ephemeralCapacity >= EphemeralKey.encodedLength else { return countersign_result(COUNTERSIGN_BUFFER_TOO_SMALL) }
  var target = span(ephemeral, ephemeralCapacity)
  var key = EphemeralKey()
  key.make()
  do {
    try key.encode(into: &target)
    return ok()
  } catch { return code(error) }
}

@c @implementation
public func countersign_handshake_with(
  _ context: UnsafeMutablePointer<countersign_context>, _ ephemeral: UnsafeMutablePointer<UInt8>, _ ephemeralSize: Int,
  _ output: UnsafeMutablePointer<UInt8>, _ outputCapacity: Int, _ outputSize: UnsafeMutablePointer<Int>
) -> countersign_result {
  let context = context.context
  var key = EphemeralKey()
  defer { key.wipe() }
  var stored = span(ephemeral, ephemeralSize)
  var target = span(output, outputCapacity)
  do {
    try key.take(from: &stored)
    let fallsBack = try context.pointee.beginSession()
    context.pointee.link.take(&key)
    outputSize.pointee = try context.pointee.link.writeHello(
      context.pointee.identity, fallingBack: fallsBack, into: &target)
    return ok()
  } catch { return code(error) }
}
