// SPDX-License-Identifier: Apache-2.0

/// What one party computes in a handshake.
public struct OperationCounts: Codable, Equatable, Sendable {
  /// X25519 by the base point: making an ephemeral key.
  public var x25519Base = 0.0
  /// X25519 by a peer's key.
  public var x25519 = 0.0
  public var ed25519Sign = 0.0
  public var ed25519Verify = 0.0
  /// Compressions of 64 bytes in SHA-256.
  public var hashBlocks = 0.0
  /// Messages encrypted or decrypted.
  public var aeadCalls = 0.0
  /// Bytes encrypted or decrypted, authenticated data included.
  public var aeadBytes = 0.0

  public init() {}

  static func + (a: Self, b: Self) -> Self {
    var sum = a
    sum.x25519Base += b.x25519Base
    sum.x25519 += b.x25519
    sum.ed25519Sign += b.ed25519Sign
    sum.ed25519Verify += b.ed25519Verify
    sum.hashBlocks += b.hashBlocks
    sum.aeadCalls += b.aeadCalls
    sum.aeadBytes += b.aeadBytes
    return sum
  }

  static func - (a: Self, b: Self) -> Self {
    var difference = a
    difference.x25519Base -= b.x25519Base
    difference.x25519 -= b.x25519
    difference.ed25519Sign -= b.ed25519Sign
    difference.ed25519Verify -= b.ed25519Verify
    difference.hashBlocks -= b.hashBlocks
    difference.aeadCalls -= b.aeadCalls
    difference.aeadBytes -= b.aeadBytes
    return difference
  }
}

/// An X25519 that a budget may name, and the cycles of one multiplication.
public struct NamedCurve: Codable, Equatable, Sendable {
  public var name: String
  public var cycles: Constant

  init(name: String, cycles: Constant) {
    self.name = name
    self.cycles = cycles
  }

  init(_ value: JSONValue, path: String) throws(BudgetError) {
    var reader = try FieldReader(value, path: path)
    name = try reader.string("name")
    cycles = try reader.constant("cycles", in: DeviceBudget.curveRange, unit: "cycles")
    try reader.finish()
  }
}

/// What the operations cost on a core, in cycles: for schemes that have no firmware image yet.
public struct CoreCosts: Codable, Equatable, Sendable {
  public var core: Core
  public var x25519Base: Constant
  public var x25519: Constant
  public var ed25519Sign: Constant
  public var ed25519Verify: Constant
  public var hashBlock: Constant
  public var aeadCall: Constant
  public var aeadByte: Constant
  /// Other people's X25519, that a device may have in the place of the firmware's own.
  public var curves: [NamedCurve]

  init(_ value: JSONValue, path: String) throws(BudgetError) {
    var reader = try FieldReader(value, path: path)
    let range = 0.1...1e12
    core = try reader.choice("core")
    x25519Base = try reader.constant("x25519_base", in: range, unit: "cycles")
    x25519 = try reader.constant("x25519", in: range, unit: "cycles")
    ed25519Sign = try reader.constant("ed25519_sign", in: range, unit: "cycles")
    ed25519Verify = try reader.constant("ed25519_verify", in: range, unit: "cycles")
    hashBlock = try reader.constant("hash_block", in: range, unit: "cycles")
    aeadCall = try reader.constant("aead_call", in: range, unit: "cycles")
    aeadByte = try reader.constant("aead_byte", in: range, unit: "cycles")
    curves = []
    if case .array(let entries)? = reader.optional("curves") {
      for (index, entry) in entries.enumerated() {
        curves.append(try NamedCurve(entry, path: "\(path).curves[\(index)]"))
      }
    }
    try reader.finish()
  }
}
