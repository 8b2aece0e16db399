// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto

/// What a signature of the server covers: a label, so that no other protocol's message can be taken for one of ours, then the
/// object's fields, the first of which names its kind, and, for verification, the signature.
///
/// Verifying takes most of a small device's stack. What it needs is laid out here beforehand, in memory with its own address, and
/// borrowed from here, so that nobody holds another copy meanwhile.
struct SignedBytes: ~Copyable {
  /// `countersign-v1` and a zero byte.
  static let labelLength = 15

  /// The label and the longest object that is signed: a certificate's 20 bytes of fields and 32 of key.
  private var storage = SecretBytes<67>()
  private(set) var count = 0
  private var proof = SecretBytes<64>()

  init() {
    var target = storage.mutableBytes
    Self.writeLabel(to: &target)
    count = Self.labelLength
  }

  static func writeLabel(to target: inout MutableRawSpan) {
    let label: StaticString = "countersign-v1"
    copyBytes(RawSpan(_unsafeStart: label.utf8Start, byteCount: label.utf8CodeUnitCount), to: &target)
  }

  mutating func append(_ bytes: RawSpan) {
    var target = storage.mutableBytes
    copyBytes(bytes, to: &target, at: count)
    count += bytes.byteCount
  }

  mutating func setSignature(_ signature: RawSpan) { proof.copy(from: signature) }

  var bytes: RawSpan {
    @_lifetime(borrow self)
    borrowing get { storage.bytes.extracting(0..<count) }
  }

  var signature: RawSpan {
    @_lifetime(borrow self)
    borrowing get { proof.bytes }
  }
}
