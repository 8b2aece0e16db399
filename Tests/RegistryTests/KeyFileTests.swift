// SPDX-License-Identifier: Apache-2.0

import Credentials
import Foundation
import CountersignCrypto
import TestSeed
import Testing

@testable import Keyring
@testable import Registry

@Suite struct KeyFileTests {
  private static let cheap = PasswordHash.Cost(passes: 1, memory: 8)

  private func passphrase(_ text: String) -> Passphrase {
    // None of these tests asks for an empty one.
    Passphrase(copying: Array(text.utf8).bytes)!
  }

  @Test func whatIsSealedOpensUnderItsPassphraseOnly() throws {
    let authority = Authority.random()
    let file = try KeyFile.seal(authority, passphrase: passphrase("correct horse"), cost: Self.cheap)
    #expect(file.count == 104)
    let opened = try KeyFile.open(file.bytes, passphrase: passphrase("correct horse"))
    let key = opened.serverKey.publicKey
    #expect(opened.issuerKey == authority.issuerKey)
    #expect(key == authority.serverKey.publicKey)
    for wrong in ["correct hors", "correct horse ", "x"] {
      #expect(throws: KeyringError.wrongPassphrase) { try KeyFile.open(file.bytes, passphrase: passphrase(wrong)) }
    }
    #expect(throws: KeyringError.passphraseRequired) { try KeyFile.open(file.bytes, passphrase: nil) }
  }

  @Test func theRootIsNotInTheSealedFile() throws {
    let root = [UInt8](repeating: 0x5A, count: 32)
    let authority = try Authority(root: root.bytes)
    let file = try KeyFile.seal(authority, passphrase: passphrase("p"), cost: Self.cheap)
    #expect(file.firstRange(of: root) == nil)
    #expect(KeyFile.encodeUnsealed(authority).firstRange(of: root) != nil)
  }

  /// The derivation is a promise: a backup of the root must bring back the same keys in ten years.
  @Test func theKeysOfARootAreFixed() throws {
    let authority = try Authority(root: [UInt8](0..<32).bytes)
    let key = authority.serverKey.publicKey
    #expect(hex(authority.issuerKey.bytes) == Known.issuerKey)
    #expect(hex(key.bytes) == Known.serverKey)
    #expect(master(authority) == Known.master)
    #expect(hex(authority.storageKey) == Known.storageKey)
  }

  @Test func anyBitCounts() throws {
    let sealed = try KeyFile.seal(Authority.random(), passphrase: passphrase("p"), cost: Self.cheap)
    let unsealed = KeyFile.encodeUnsealed(Authority.random())
    for (file, key) in [(sealed, passphrase("p")), (unsealed, nil)] as [([UInt8], Passphrase?)] {
      for bit in 0..<8 * file.count {
        // The work factor's high bits would only make this machine work longer before it fails.
        if key != nil && (64..<128).contains(bit) { continue }
        var changed = file
        changed[bit / 8] ^= 1 << UInt8(bit % 8)
        #expect(throws: KeyringError.self) { try KeyFile.open(changed.bytes, passphrase: key) }
      }
    }
  }

  @Test func aLaterVersionIsNamed() throws {
    var file = KeyFile.encodeUnsealed(Authority.random())
    file[4] = 2
    #expect(throws: KeyringError.unknownKeyFileVersion(2)) { try KeyFile(decoding: file.bytes) }
  }

  @Test func anyInputIsParsedOrRefused() throws {
    var random = SeededGenerator(for: "key files")
    let sealed = try KeyFile.seal(Authority.random(), passphrase: passphrase("p"), cost: Self.cheap)
    let unsealed = KeyFile.encodeUnsealed(Authority.random())
    var accepted = 0
    var refused = 0
    for round in 0..<100_000 {
      do throws(KeyringError) {
        _ = try KeyFile(decoding: random.mutate(round % 2 == 0 ? sealed : unsealed).bytes)
        accepted += 1
      } catch {
        switch error {
        case .malformedKeyFile, .unknownKeyFileVersion: refused += 1
        default: Issue.record("\(error)")
        }
      }
    }
    // A bit of the body that flipped shows only when the file is opened.
    #expect(accepted > 1000 && refused > 1000)
  }

  @Test func passphrasesHaveALength() {
    func isAccepted(_ length: Int) -> Bool {
      Passphrase(copying: [UInt8](repeating: 1, count: length).bytes) != nil
    }
    #expect(!isAccepted(0) && isAccepted(1) && isAccepted(1024) && !isAccepted(1025))
  }

  private func master(_ authority: Authority) -> String { hex(authority.derivationMaster) }

  private func hex(_ key: borrowing SecretBytes<32>) -> String { hex(key.bytes) }

  private func hex(_ bytes: RawSpan) -> String {
    bytes.withUnsafeBytes { $0.map { String(format: "%02x", $0) }.joined() }
  }

  /// Computed by an independent HKDF, Ed25519 and X25519 (Python's cryptography) from the root 00 01 … 1f.
  private enum Known {
    static let issuerKey = "55360167676df1f08203c686c09cc00adfd518cb5463d322a0535c413e875463"
    static let serverKey = "5a653af850cf9bba21e7f7f4bb6a7dbf99c1615ecde4091e9ab4372556f70e0b"
    static let master = "5f9ee22d1858073cf720374fe01d2567437d1c291fd591e2a1940e574122064e"
    static let storageKey = "6c109e9fb77b23b0e3f2d5d988d2d38fc3411ee9beab0c3fbfe2a609858c4520"
  }
}
