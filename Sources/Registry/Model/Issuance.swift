import Credentials
import Primitives

/// One line of the issuance log: a key that the owner certified for a device, under a generation that no other key has.
public struct Issuance: Equatable, Sendable {
  public let address: DeviceAddress
  public let generation: Generation
  public let publicKey: X25519.PublicKey

  public init(address: DeviceAddress, generation: Generation, publicKey: X25519.PublicKey) {
    self.address = address
    self.generation = generation
    self.publicKey = publicKey
  }

  init(_ certificate: Certificate) {
    self.init(
      address: certificate.fields.address, generation: certificate.fields.generation, publicKey: certificate.publicKey)
  }

  /// The log's head after this line: SHA-256 over a label, the head before, and the line (46 bytes). Whoever has signed a head
  /// has signed every line before it.
  func head(after previous: Bytes<32>) -> Bytes<32> {
    var line = Bytes<46>()
    var target = line.mutableBytes
    var writer = ByteWriter(&target)
    address.encode(&writer)
    writer.uint16(generation)
    writer.bytes(publicKey.bytes)
    _ = consume writer
    var hash = SHA256()
    let label: StaticString = "countersign-v1 issuance"
    hash.update(label)
    hash.update(previous.bytes)
    hash.update(line.bytes)
    var head = Bytes<32>()
    var output = head.mutableBytes
    hash.finalize(into: &output)
    return head
  }
}

/// What the issuance log says of a certificate.
public enum IssuanceVerdict: Equatable, Sendable {
  /// The key was certified by the books.
  case entered
  /// The owner's key signed it, and the books have no such generation of this device.
  case missing
  /// The owner's key signed it, and by the books this generation belongs to another key. The proof is there when the registry
  /// still has that key's certificate.
  case contradicted(Issuance, MisissuanceProof?)
  /// Another key than the owner's signed it, so that it proves nothing.
  case foreign
}
