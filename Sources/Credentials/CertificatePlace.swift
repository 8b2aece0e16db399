// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Wire

/// One certificate, or none, in memory with its own address. It is borrowed, never copied: a small device's stack has no room for
/// a copy in each caller while a signature is verified.
public struct CertificatePlace: ~Copyable, Sendable {
  /// The label of ``SignedBytes``, then the certificate in its standalone form: what is signed lies in one piece.
  private var storage = SecretBytes<131>()
  /// Of the certificate; 0 when there is none.
  private var encodedLength: UInt8 = 0

  public init(_ certificate: Certificate? = nil) { set(certificate) }

  public mutating func set(_ certificate: Certificate?) {
    encodedLength = UInt8(certificate?.encodedLength ?? 0)
    var target = storage.mutableBytes
    SignedBytes.writeLabel(to: &target)
    var encoded = target.suffix(from: SignedBytes.labelLength)
    certificate?.encode(into: &encoded)
  }

  public var certificate: Certificate? { length == 0 ? nil : try? Certificate(decoding: encoded) }

  private var length: Int { Int(encodedLength) }

  /// Whether it is an explicit certificate.
  var isSigned: Bool { length == Certificate.standaloneLength }

  /// What the signature covers.
  var signedBytes: RawSpan {
    @_lifetime(borrow self)
    borrowing get {
      storage.bytes.extracting(0..<SignedBytes.labelLength + Certificate.standaloneLength - Ed25519.signatureLength)
    }
  }

  var signature: RawSpan {
    @_lifetime(borrow self)
    borrowing get { encoded.extracting(Certificate.standaloneLength - Ed25519.signatureLength..<length) }
  }

  var issuer: IssuerKeyID {
    IssuerKeyID(UInt16(bigEndian: encoded.unsafeLoadUnaligned(fromByteOffset: 2, as: UInt16.self)))
  }

  private var encoded: RawSpan {
    @_lifetime(borrow self)
    borrowing get { storage.bytes.extracting(SignedBytes.labelLength..<SignedBytes.labelLength + length) }
  }
}
