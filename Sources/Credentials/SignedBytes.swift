import Primitives

/// What a signature of the server covers: a label, so that no other protocol's message can be taken for one of ours, then
/// the object's fields, the first of which names its kind.
struct SignedBytes {
  /// `countersign-v1` and a zero byte.
  static let labelLength = 15
  /// The label and the longest object that is signed: a certificate's 20 bytes of fields and 32 of key.
  private var storage = Bytes<67>()
  private(set) var count = 0

  init() {
    let label: StaticString = "countersign-v1"
    for index in 0..<label.utf8CodeUnitCount { storage[index] = label.utf8Start[index] }
    count = Self.labelLength
  }

  mutating func append(_ bytes: RawSpan) {
    var target = storage.mutableBytes
    copyBytes(bytes, to: &target, at: count)
    count += bytes.byteCount
  }

  var bytes: RawSpan {
    @_lifetime(borrow self)
    borrowing get { storage.bytes.extracting(0..<count) }
  }
}
