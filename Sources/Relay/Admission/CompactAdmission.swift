import Credentials
import Noise
import Primitives
import Registry
import Schemes

/// Admits devices of `compact-kk`: Noise_KK. The first frame shows two bytes of a hash of the device's key; keys that have them are
/// tried, at the price of two multiplications each, up to ``RelayLimits/trialKeys`` of those in use and as many of those before:
/// a device chooses its keys, and could choose as many with one hint as it likes.
final class CompactAdmission: Admission {
  /// Beyond so many, in use and in the log, trying them takes more than a millisecond or two.
  private static let cheapKeys = 32

  private let context: AdmissionContext
  private var keys: (inUse: [KeyHolder], issued: [Issuance])?

  init(_ context: AdmissionContext) {
    self.context = context
  }

  func isCostly(_ frame: RawSpan) throws(AdmissionRefusal) -> Bool {
    let (inUse, issued) = try find(frame)
    return inUse.count + issued.count > Self.cheapKeys
  }

  private func find(_ frame: RawSpan) throws(AdmissionRefusal) -> (inUse: [KeyHolder], issued: [Issuance]) {
    if let keys { return keys }
    let hint: UInt16
    do { hint = try CompactHandshake.hint(of: frame) } catch { throw .unreadable }
    let limit = context.trialKeys
    let inUse = try context.asking { registry throws(RegistryError) in
      try registry.devices(hinted: hint, limit: limit)
    }
    let issued = try context.asking { registry throws(RegistryError) in
      try registry.issuances(hinted: hint, limit: limit)
    }
    guard !inUse.isEmpty || !issued.isEmpty else { throw .unknownDevice }
    keys = (inUse, issued)
    return (inUse, issued)
  }

  func receive(_ frame: RawSpan, keys: inout SessionKeys) throws(AdmissionRefusal) -> AdmissionStep {
    let (candidates, retired) = try find(frame)
    for candidate in candidates {
      let certificate = candidate.certificate
      guard let reply = answer(frame, from: certificate.publicKey, &keys) else { continue }
      try context.check(certificate)
      let claimant = Claimant(
        scheme: .compactKK, address: certificate.fields.address, generation: certificate.fields.generation,
        lastEpoch: certificate.fields.lastEpoch, publicKey: certificate.publicKey)
      _ = try claimant.standing(in: candidate.device)
      return AdmissionStep(reply: reply, claimant: claimant)
    }
    // Keys that were replaced, last: who has one of them is mostly nobody.
    for issuance in retired {
      guard let claimant = try context.retired(issuance.publicKey, .compactKK),
        let reply = answer(frame, from: issuance.publicKey, &keys)
      else { continue }
      return AdmissionStep(reply: reply, claimant: claimant)
    }
    throw .unreadable
  }

  /// The answer to a first frame of the holder of `key`; nil when it is another's.
  private func answer(_ frame: RawSpan, from key: X25519.PublicKey, _ keys: inout SessionKeys) -> [UInt8]? {
    var reply = [UInt8](repeating: 0, count: CompactHandshake.replyLength)
    do throws(SchemesError) {
      var handshake = CompactHandshake(role: .responder)
      defer { handshake.close() }
      try handshake.readHello(frame, from: key, key: context.authority.serverKey)
      var span = reply.mutableBytes
      _ = try handshake.writeReply(
        into: &span, sending: &keys.sending, receiving: &keys.receiving, keeping: { keys.proving.keep($0, $1) })
    } catch { return nil }
    return reply
  }
}
