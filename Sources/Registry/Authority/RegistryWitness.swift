// SPDX-License-Identifier: Apache-2.0

import Credentials
import Files
import Foundation
import CountersignCrypto
import SystemPackage
import Wire

/// How far a registry has come: enough to tell an older or diverging one from the one that was last seen.
public struct RegistryMark: Equatable, Sendable {
  /// The number of the latest audit entry, which every change has.
  public let auditSequence: Int64
  /// SHA-256 over that entry and the issuer's public key: two registries founded in one second begin with the same entry.
  public let auditDigest: Bytes<32>
  public let epoch: Epoch
  public let revocationSequence: UInt32
}

/// What the server's directory has witnessed of its registry, in a separate file beside the key file: a registry that is restored
/// from a backup is behind it. It is not secret, and does not belong in backups.
///
/// 64 bytes, big-endian: magic `CSRW`, version, a zero, epoch (2), revocation sequence (4), audit sequence (8), digest (32), and
/// the first 12 bytes of SHA-256 over all before. It is written in place after each commit, and nothing waits for it: after a
/// power cut it may be behind the registry, which is no reason to refuse anything.
public final class RegistryWitness: Sendable {
  public static let fileName = "registry.witness"
  static let length = 64
  private static let magic: UInt32 = 0x4353_5257
  private static let version: UInt8 = 1
  public let path: String

  init(directory: String) { path = directory + "/" + Self.fileName }

  /// What was witnessed last; nil when nothing was, or the file is damaged.
  public func read() -> RegistryMark? {
    guard let bytes = try? SecretFile.read(path, limit: Self.length), bytes.count == Self.length else { return nil }
    var digest = Bytes<32>()
    var target = digest.mutableBytes
    let body = Array(bytes[..<52])
    Hash.SHA256.hash(body.bytes, into: &target)
    guard Array(bytes[52...]) == Array([UInt8](copying: digest.bytes).prefix(12)) else { return nil }
    var reader = ByteReader(body.bytes)
    do {
      guard try reader.uint32() == Self.magic, try reader.uint8() == Self.version, try reader.uint8() == 0 else {
        return nil
      }
      let epoch = try reader.uint16()
      let revocations = try reader.uint32()
      let sequence = Int64(bitPattern: try reader.uint64())
      guard sequence >= 0 else { return nil }
      return RegistryMark(
        auditSequence: sequence, auditDigest: try Bytes(&reader), epoch: epoch, revocationSequence: revocations)
    } catch { return nil }
  }

  /// Witnesses a state. It ignores failures: the commit has happened, and an older witness is still true.
  func write(_ mark: RegistryMark) {
    var bytes = [UInt8](repeating: 0, count: Self.length)
    var span = bytes.mutableBytes
    var writer = ByteWriter(&span)
    writer.uint32(Self.magic)
    writer.uint8(Self.version)
    writer.uint8(0)
    writer.uint16(mark.epoch)
    writer.uint32(mark.revocationSequence)
    writer.uint64(UInt64(bitPattern: mark.auditSequence))
    writer.bytes(mark.auditDigest.bytes)
    _ = consume writer
    var digest = Bytes<32>()
    var target = digest.mutableBytes
    let body = Array(bytes[..<52])
    Hash.SHA256.hash(body.bytes, into: &target)
    bytes.replaceSubrange(52..., with: [UInt8](copying: digest.bytes).prefix(12))
    guard let descriptor = try? OwnFile.open(path, .writeOnly, [.create]) else { return }
    defer { try? descriptor.close() }
    _ = try? descriptor.writeAll(toAbsoluteOffset: 0, bytes)
  }
}
