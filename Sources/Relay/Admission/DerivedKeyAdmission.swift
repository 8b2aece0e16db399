import Credentials
import Noise
import Primitives
import Registry
import Schemes

/// Admits devices of `derived-key` and `derived-key-pbkdf2`: the first frame shows a pseudonym, or the start of the salt; the key
/// follows from the master key and the row. With PBKDF2 every attempt costs this server all the iterations, before it knows
/// whether the device is there.
final class DerivedKeyAdmission: Admission {
  private let context: AdmissionContext
  private var exchange = SymmetricExchange()

  init(_ context: AdmissionContext) {
    self.context = context
  }

  func isCostly(_ frame: RawSpan) -> Bool {
    frame.byteCount > 0 && frame.unsafeLoad(as: UInt8.self) == SchemeID.derivedKeyPBKDF2.rawValue
  }

  func receive(_ frame: RawSpan, keys: inout SessionKeys) throws(AdmissionRefusal) -> AdmissionStep {
    let claim = try exchange.read(frame)
    let candidates = try context.asking { registry throws(RegistryError) in
      try registry.devices(named: claim.name, scheme: claim.scheme)
    }
    guard !candidates.isEmpty else { throw .unknownDevice }
    var key = SymmetricKey()
    defer { key.wipe() }
    var reply: [UInt8] = []
    for candidate in candidates {
      try candidate.check()
      do { try context.authority.deriveKey(candidate.credential, of: candidate.device.address, into: &key) } catch {
        throw .unavailable
      }
      if try exchange.answer(claim, key: key, lastCounter: candidate.lastCounter, reply: &reply, keys: &keys) {
        return AdmissionStep(reply: reply, claimant: candidate.claimant(counter: claim.counter))
      }
    }
    throw .unreadable
  }
}
