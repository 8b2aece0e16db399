import Credentials
import Noise
import CountersignCrypto
import Keyring
import Registry
import Schemes
import Wire

/// Admits devices that share a key: the first frame shows the address in the clear, and every device of the system has the key
/// that it is made with.
final class SharedKeyAdmission: Admission {
  private let context: AdmissionContext
  private let scheme: SchemeID
  private var exchange = SymmetricExchange()

  init(_ context: AdmissionContext, _ scheme: SchemeID) {
    self.context = context
    self.scheme = scheme
  }

  func receive(
    _ frame: RawSpan, keys: inout SessionKeys, proof: inout ProofContext
  ) throws(AdmissionRefusal) -> AdmissionStep {
    let claim = try exchange.read(frame)
    let hint = claim.hint
    let address: DeviceAddress
    do {
      var reader = ByteReader(hint.bytes)
      address = try DeviceAddress(&reader)
    } catch { throw .unreadable }
    let found = try context.asking { registry throws(RegistryError) in try registry.symmetricDevice(address) }
    guard let device = found else { throw .unknownDevice }
    guard device.floor.admits(scheme) else { throw .belowFloor }
    var key = SecretBytes<32>()
    defer { key.wipe() }
    var reply: [UInt8] = []
    for credential in [device.current, device.pending] {
      guard let credential, credential.scheme == scheme else { continue }
      let candidate = NamedDevice(device: device, credential: credential)
      try candidate.check()
      do { try context.authority.deriveKey(credential, of: address, into: &key) } catch { throw .unavailable }
      if try exchange.answer(claim, key: key, lastCounter: candidate.lastCounter, reply: &reply, keys: &keys) {
        return AdmissionStep(reply: reply, claimant: candidate.claimant(counter: claim.counter))
      }
    }
    throw .unknownKey
  }
}
