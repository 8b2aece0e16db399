// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// One file of Wycheproof's test vectors (C2SP), read as it stands.
struct WycheproofFile {
  struct Group: Decodable {
    var keySize: Int?
    var ivSize: Int?
    var tagSize: Int?
    var publicKey: PublicKey?
    let tests: [Vector]

    struct PublicKey: Decodable { let pk: Hex }
  }

  enum Outcome: String, Decodable { case valid, invalid, acceptable }

  struct Vector: Decodable {
    let tcId: Int
    let comment: String
    let flags: [String]
    let result: Outcome
    // Each schema has some of these.
    var key: Hex?
    var iv: Hex?
    var aad: Hex?
    var msg: Hex?
    var ct: Hex?
    var tag: Hex?
    var sig: Hex?
    var ikm: Hex?
    var salt: Hex?
    var info: Hex?
    var size: Int?
    var okm: Hex?
    var `public`: Hex?
    var `private`: Hex?
    var shared: Hex?
  }

  /// Bytes written as hexadecimal digits.
  struct Hex: Decodable {
    let bytes: [UInt8]

    init(from decoder: any Decoder) throws {
      let digits = Array(try decoder.singleValueContainer().decode(String.self))
      bytes = try stride(from: 0, to: digits.count, by: 2).map { index in
        guard index + 1 < digits.count, let byte = UInt8(String(digits[index...index + 1]), radix: 16) else {
          throw CocoaError(.coderInvalidValue)
        }
        return byte
      }
    }
  }

  private struct Root: Decodable {
    let numberOfTests: Int
    let testGroups: [Group]
  }

  let name: String
  let groups: [Group]

  /// COUNTERSIGN_WYCHEPROOF, or ../shared/vectors/wycheproof beside the package.
  static let folder: URL = {
    if let chosen = ProcessInfo.processInfo.environment["COUNTERSIGN_WYCHEPROOF"], !chosen.isEmpty {
      return URL(fileURLWithPath: chosen)
    }
    var root = URL(fileURLWithPath: #filePath)
    for _ in 0..<4 { root.deleteLastPathComponent() }
    return root.appending(path: "../shared/vectors/wycheproof").standardized
  }()

  /// A file's content, or nil where it is absent, which is said aloud.
  static func data(_ name: String) throws -> Data? {
    let url = folder.appending(path: name)
    guard FileManager.default.fileExists(atPath: url.path) else {
      print("wycheproof: skipped \(name): not in \(folder.path)")
      return nil
    }
    return try Data(contentsOf: url)
  }

  /// The file, or nil where it is absent, which is said aloud.
  init?(_ name: String) throws {
    self.name = name
    guard let data = try Self.data(name) else { return nil }
    let root = try JSONDecoder().decode(Root.self, from: data)
    groups = root.testGroups
    #expect(groups.reduce(0) { $0 + $1.tests.count } == root.numberOfTests, "the file is whole")
  }
}

/// What was run, and what was not and why.
struct WycheproofTally {
  let name: String
  private var ran = 0
  private var byOutcome: [String: Int] = [:]
  private var skipped: [String: Int] = [:]

  init(_ name: String) { self.name = name }

  mutating func run(_ outcome: String) {
    ran += 1
    byOutcome[outcome, default: 0] += 1
  }

  mutating func skip(_ reason: String) { skipped[reason, default: 0] += 1 }

  func sayAloud() {
    func list(_ counts: [String: Int]) -> String {
      counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
    }
    print("wycheproof: \(name): ran \(ran) (\(list(byOutcome)))\(skipped.isEmpty ? "" : "; skipped \(list(skipped))")")
    #expect(ran > 0)
  }
}
