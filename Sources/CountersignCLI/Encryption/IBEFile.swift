// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Files
import IdentityEncryption

/// The files of `countersign ibe`: eight letters that say what it is, then its bytes.
enum IBEFile: String {
  /// The identity, the master public key, the key.
  case deviceKey = "CSIBE1-K"
  /// A holder's share.
  case share = "CSIBE1-S"
  /// The identity, the holder's number, its part of the key.
  case partialKey = "CSIBE1-P"
  /// The identity, the sealed message.
  case message = "CSIBE1-M"

  static let headerLength = 8

  var header: [UInt8] { Array(rawValue.utf8) }

  /// What follows the header.
  func body(_ bytes: [UInt8], of path: String, length: ClosedRange<Int>) throws(Failure) -> [UInt8] {
    guard bytes.starts(with: header), length.contains(bytes.count - Self.headerLength) else {
      throw Failure(.dataError, "\(path) is not \(words)")
    }
    return [UInt8](bytes[Self.headerLength...])
  }

  /// Reads a file with a secret of exactly that many bytes behind its header. The caller wipes them.
  func read(_ path: String, length: Int) throws(Failure) -> [UInt8] {
    var bytes: [UInt8]
    do { bytes = try SecretFile.read(path, limit: Self.headerLength + length) } catch { throw Failure(error) }
    defer { wipe(&bytes) }
    return try body(bytes, of: path, length: length...length)
  }

  /// Creates a file with a secret: what is public, then the secret.
  func create(_ path: String, _ clear: [UInt8], secret: RawSpan) throws(Failure) {
    var bytes = [UInt8](repeating: 0, count: Self.headerLength + clear.count + secret.byteCount)
    defer { wipe(&bytes) }
    bytes.replaceSubrange(..<(Self.headerLength + clear.count), with: header + clear)
    var target = bytes.mutableBytes
    copyBytes(secret, to: &target, at: Self.headerLength + clear.count)
    do { try SecretFile.create(path, bytes.bytes) } catch { throw Failure(error) }
  }

  private var words: String {
    switch self {
    case .deviceKey: "the key of an identity"
    case .share: "a share of a master key"
    case .partialKey: "a part of an identity's key"
    case .message: "a message that was sealed to an identity"
    }
  }
}
