// SPDX-License-Identifier: Apache-2.0

import CCountersign
import Credentials
import CountersignCrypto
import Device
import Wire

@c @implementation
public func countersign_version() -> UInt32 { UInt32(COUNTERSIGN_VERSION) }

@c @implementation
public func countersign_own_address(
  _ context: UnsafePointer<countersign_context>, _ address: UnsafeMutablePointer<countersign_address>
) {
  address.pointee = countersign_address(context.context.pointee.identity.address)
}

@c @implementation
public func countersign_generation(_ context: UnsafePointer<countersign_context>) -> UInt16 {
  context.context.pointee.identity.certificate?.fields.generation ?? 0
}

@c @implementation
public func countersign_epoch(_ context: UnsafePointer<countersign_context>) -> UInt16 {
  context.context.pointee.identity.trust.epoch
}

@c @implementation
public func countersign_public_key(
  _ context: UnsafePointer<countersign_context>, _ key: UnsafeMutablePointer<UInt8>
) -> countersign_result {
  guard let certificate = context.context.pointee.identity.certificate else {
    return countersign_result(COUNTERSIGN_NO_KEY)
  }
  var target = span(key, X25519.keyLength)
  copyBytes(certificate.publicKey.bytes, to: &target)
  return ok()
}

@c @implementation
public func countersign_certificate(
  _ context: UnsafePointer<countersign_context>, _ certificate: UnsafeMutablePointer<UInt8>, _ capacity: Int,
  _ size: UnsafeMutablePointer<Int>
) -> countersign_result {
  guard let own = context.context.pointee.identity.certificate else { return countersign_result(COUNTERSIGN_NO_KEY) }
  guard capacity >= own.encodedLength else { return countersign_result(COUNTERSIGN_BUFFER_TOO_SMALL) }
  var target = span(certificate, capacity)
  own.encode(into: &target)
  size.pointee = own.encodedLength
  return ok()
}

@c @implementation
public func countersign_set_listening(_ context: UnsafeMutablePointer<countersign_context>, _ listens: Int32) {
  context.context.pointee.listens = listens != 0
}

extension countersign_address {
  init(_ address: DeviceAddress) {
    self.init(device: address.device.rawValue, system: address.system.rawValue)
  }
}

extension DeviceAddress {
  init(_ address: UnsafePointer<countersign_address>) {
    self.init(system: SystemID(address.pointee.system), device: DeviceID(address.pointee.device))
  }
}
