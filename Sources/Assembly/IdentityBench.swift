import Credentials
import Device
import Primitives
import Registry

/// Places for the identities of a chunk of devices: keys are made, certified and written from where they lie, for moving them
/// would leave copies behind. Each chunk overwrites the one before.
final class IdentityBench {
  let capacity: Int
  private let places: UnsafeMutablePointer<DeviceIdentity>

  init(capacity: Int) {
    self.capacity = capacity
    places = .allocate(capacity: capacity)
    for index in 0..<capacity { (places + index).initialize(to: DeviceIdentity()) }
  }

  deinit {
    places.deinitialize(count: capacity)
    places.deallocate()
  }

  /// Makes a device with a new key, and returns its public key.
  func create(_ index: Int, _ address: DeviceAddress, _ state: AuthorityState) -> X25519.PublicKey {
    places[index].create(
      address: address, anchor: state.issuerKey, serverKey: state.serverKey, epoch: state.epoch)
    // A key was just made, so there is one to certify.
    return places[index].renewalKey!
  }

  /// Becomes the device that ``encode(_:)`` wrote, and returns the key that waits for a certificate.
  func load(_ index: Int, _ encoded: RawSpan) throws(AssemblyError) -> (DeviceAddress, X25519.PublicKey)? {
    do { try places[index].load(encoded) } catch { throw .refused(error) }
    return places[index].renewalKey.map { (places[index].address, $0) }
  }

  func install(_ index: Int, _ certificate: Certificate) throws(AssemblyError) {
    do { try places[index].install(certificate) } catch { throw .refused(error) }
  }

  /// Appends the stored form to a buffer that the caller wipes.
  func encode(_ index: Int, into buffer: inout [UInt8], at offset: Int) {
    var target = buffer.mutableBytes
    var place = target.suffix(from: offset)
    places[index].encode(into: &place)
  }
}
