// SPDX-License-Identifier: Apache-2.0

import Schemes

/// What a device of a scheme takes, from the firmware's images: of a complete device, which renews its keys too and speaks to its peers
/// where it has any, or at least of its parts.
public struct DeviceImage: Encodable, Equatable, Sendable {
  /// Of a handshake.
  public var cycles: Constant?
  public var flashBytes: Constant?
  /// Static RAM and peak stack.
  public var ramBytes: Constant?
  public var growth: Growth
}

extension OnTargetResults {
  private static let wholeRole = "rotation"
  private static let peerRoles = [
    "initiator", "responder", "sender of a sealed message", "recipient of a sealed message",
  ]

  /// The device of a scheme on a core; nil when no image says anything of it.
  public func device(_ scheme: SchemeID, on core: Core, withPeers: Bool) -> DeviceImage? {
    let own = record(scheme, on: core)
    let kin = scheme.imageKin
    let whole = kin.flatMap { find($0, on: core, [Self.wholeRole]).first }
    let peers = withPeers ? kin.map { find($0, on: core, Self.peerRoles) } ?? [] : []
    let parts = [own, whole].compactMap(\.self) + peers
    guard !parts.isEmpty else { return nil }
    // A scheme with a key beside the pair has an image of its handshake only, and what renews that key is in none.
    let isComplete = whole != nil && !withPeers && !scheme.row.hasKeyBeside
    let start = kin.flatMap { record($0, on: core) }
    func bound(_ size: KeyPath<Record, Double?>) -> (Constant, Double)? {
      guard let least = parts.compactMap({ $0[keyPath: size] }).max() else { return nil }
      let constant = Constant(least, source: source, doubts: isComplete ? [] : [.atLeast])
      guard let whole = whole?[keyPath: size], let start = start?[keyPath: size] else {
        return (constant, mostGrowth(on: core, size))
      }
      // What each part adds to the handshake is added once more, as if parts had nothing in common but that.
      let more = (peers.compactMap { $0[keyPath: size] }).reduce(0) { $0 + max(0, $1 - start) }
      return (constant, isComplete ? 1 : max(1, (whole + more) / least))
    }
    let flash = bound(\.flashBytes)
    let ram = bound(\.ramBytes)
    return DeviceImage(
      cycles: own?.cycles.map { Constant($0, source: source, doubts: [.uncalibrated]) }, flashBytes: flash?.0,
      ramBytes: ram?.0, growth: Growth(flash: flash?.1 ?? 1, ram: ram?.1 ?? 1))
  }

  private func find(_ scheme: SchemeID, on core: Core, _ roles: [String]) -> [Record] {
    records.filter { $0.core == core && $0.scheme == scheme.name && roles.contains($0.role) }
  }

  /// By how much a complete device exceeds its handshake's image, at most, among the schemes that have both.
  private func mostGrowth(on core: Core, _ size: KeyPath<Record, Double?>) -> Double {
    SchemeID.allCases.compactMap { scheme -> Double? in
      guard let whole = find(scheme, on: core, [Self.wholeRole]).first?[keyPath: size],
        let start = record(scheme, on: core)?[keyPath: size], start > 0
      else { return nil }
      return whole / start
    }.max() ?? 1
  }
}

extension SchemeID {
  /// The scheme whose images have this one's code for renewing a key and for speaking to peers: which of the schemes with a certificate
  /// a device uses is a byte of its storage.
  fileprivate var imageKin: SchemeID? {
    guard row.hasKeyPair else { return nil }
    return row.shown == .credential ? .identityBased : .certified
  }
}
