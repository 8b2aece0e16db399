// SPDX-License-Identifier: Apache-2.0

import CCountersign
import Credentials
import CountersignCrypto
import Device
import Schemes
import Wire

@c @implementation
public func countersign_create(
  _ context: UnsafeMutablePointer<countersign_context>, _ contextSize: Int,
  _ enrolment: UnsafePointer<countersign_enrolment>
) -> countersign_result {
  guard fits(context, contextSize) else { return countersign_result(COUNTERSIGN_BAD_CONTEXT) }
  empty(context)
  do throws(DeviceError) {
    try create(&context.context.pointee.identity, enrolment)
    context.context.pointee.close()
    return ok()
  } catch { return code(error) }
}

private func create(
  _ identity: inout DeviceIdentity, _ enrolment: UnsafePointer<countersign_enrolment>
) throws(DeviceError) {
  let scheme: SchemeID = enrolment.pointee.identity_based != 0 ? .identityBased : .certified
  #if COUNTERSIGN_CERTIFICATES_ONLY
    guard scheme == .certified else { throw .schemes(.unexpectedScheme(scheme.rawValue)) }
  #endif
  var master: MasterPublicKey?
  if let bytes = enrolment.pointee.master_key {
    do throws(CredentialsError) { master = try MasterPublicKey(decoding: key(bytes)) } catch {
      throw .credentials(error)
    }
  }
  // Without it no answer to the device's request would do.
  guard scheme == .certified || master != nil else { throw .credentials(.unknownIssuer(IssuerKeyID(0))) }
  identity.create(
    address: DeviceAddress(
      system: SystemID(enrolment.pointee.address.system), device: DeviceID(enrolment.pointee.address.device)),
    anchor: key(enrolment.pointee.issuer_key), serverKey: key(enrolment.pointee.server_key),
    epoch: enrolment.pointee.epoch, scheme: scheme, master: master)
}

/// A public key that the C side lends.
private func key(_ bytes: UnsafePointer<UInt8>) -> Bytes<32> {
  var key = Bytes<32>()
  var target = key.mutableBytes
  copyBytes(span(bytes, X25519.keyLength), to: &target)
  return key
}

@c @implementation
public func countersign_certificate_request(
  _ context: UnsafePointer<countersign_context>, _ request: UnsafeMutablePointer<UInt8>
) -> countersign_result {
  var target = span(request, X25519.keyLength)
  if let point = context.context.pointee.identity.requestPoint {
    copyBytes(point.bytes, to: &target)
  } else if let key = context.context.pointee.identity.renewalKey {
    copyBytes(key.bytes, to: &target)
  } else {
    return countersign_result(COUNTERSIGN_NO_KEY)
  }
  return ok()
}

@c @implementation
public func countersign_install(
  _ context: UnsafeMutablePointer<countersign_context>, _ certificate: UnsafePointer<UInt8>, _ size: Int
) -> countersign_result {
  let context = context.context
  do throws(DeviceError) {
    if context.pointee.identity.requestPoint != nil {
      try context.pointee.identity.install(try answer(certificate, size))
    } else {
      try context.pointee.identity.install(try decode(certificate, size))
    }
    context.pointee.close()
    return ok()
  } catch { return code(error) }
}

private func answer(_ bytes: UnsafePointer<UInt8>, _ size: Int) throws(DeviceError) -> BlindedCredential {
  do throws(WireError) { return try BlindedCredential(decoding: span(bytes, size)) } catch {
    throw .credentials(.malformed(error))
  }
}

private func decode(_ bytes: UnsafePointer<UInt8>, _ size: Int) throws(DeviceError) -> Certificate {
  do throws(WireError) { return try Certificate(decoding: span(bytes, size)) } catch {
    throw .credentials(.malformed(error))
  }
}
