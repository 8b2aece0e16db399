import Credentials
import Noise
import Primitives
import Registry
import Schemes

/// Admits devices of `derived-key` and `derived-key-pbkdf2`: the first frame shows a pseudonym, or the start of the salt; the key
/// follows from the master key and the row. With PBKDF2 a key costs this server all the iterations before it knows whether the device is
/// there: it is kept, so that the next frame under that name costs no more than any other.
final class DerivedKeyAdmission: Admission {
  private let context: AdmissionContext
  private var exchange = SymmetricExchange()
  private var claim: SymmetricResponder<SHA256>.Claim?
  private var candidates: [NamedDevice] = []

  init(_ context: AdmissionContext) {
    self.context = context
  }

  func isCostly(_ frame: RawSpan) throws(AdmissionRefusal) -> Bool {
    guard frame.byteCount > 0, frame.unsafeLoad(as: UInt8.self) == SchemeID.derivedKeyPBKDF2.rawValue else {
      return false
    }
    _ = try find(frame)
    return !candidates.allSatisfy(context.stretched.holds)
  }

  private func find(_ frame: RawSpan) throws(AdmissionRefusal) -> SymmetricResponder<SHA256>.Claim {
    if let claim { return claim }
    let read = try exchange.read(frame)
    candidates = try context.asking { registry throws(RegistryError) in
      try registry.devices(named: read.name, scheme: read.scheme)
    }
    guard !candidates.isEmpty else { throw .unknownDevice }
    claim = read
    return read
  }

  func receive(_ frame: RawSpan, keys: inout SessionKeys) throws(AdmissionRefusal) -> AdmissionStep {
    let claim = try find(frame)
    var key = SymmetricKey()
    defer { key.wipe() }
    var reply: [UInt8] = []
    for candidate in candidates {
      try candidate.check()
      try derive(candidate, into: &key)
      if try exchange.answer(claim, key: key, lastCounter: candidate.lastCounter, reply: &reply, keys: &keys) {
        context.stretched.prove(candidate)
        return AdmissionStep(reply: reply, claimant: candidate.claimant(counter: claim.counter))
      }
    }
    throw .unreadable
  }

  private func derive(_ candidate: NamedDevice, into key: inout SymmetricKey) throws(AdmissionRefusal) {
    if context.stretched.find(candidate, into: &key) { return }
    do { try context.authority.deriveKey(candidate.credential, of: candidate.device.address, into: &key) } catch {
      throw .unavailable
    }
    if candidate.credential.scheme == .derivedKeyPBKDF2 { context.stretched.remember(key, of: candidate) }
  }
}
