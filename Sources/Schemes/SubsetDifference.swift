// SPDX-License-Identifier: Apache-2.0

#if !hasFeature(Embedded)
  import CountersignCrypto

  /// Scheme `broadcast`: the subset-difference method of Naor, Naor and Lotspiech (CRYPTO 2001), which media players use to
  /// shut out known traitors. The server hands a new system key to every device except those it knows to be compromised.
  ///
  /// Devices are the leaves of a complete binary tree. The key of the subset (i, j) opens for every leaf under node i but not
  /// under node j. It is here for comparison: it distributes one key that all share. It gives no device an identity, carries no
  /// traffic between two parties, and helps only against a compromise that is known.
  public struct SubsetDifference {
    /// A subset by its two nodes, the root being 1 and the children of n being 2n and 2n + 1. `j` 0: every leaf.
    public struct Subset: Hashable, Sendable {
      public let i: UInt32
      public let j: UInt32
    }

    /// A subset (8 bytes on the wire) and the system key sealed for it.
    public struct Entry: Sendable {
      public static let encodedLength = 8 + 32 + tagLength
      public let subset: Subset
      public let sealed: [UInt8]
    }

    /// Depth of the tree: 2^height devices.
    public let height: Int
    private let root: [UInt8]

    /// - Parameter root: the server's secret, from which every node's label follows.
    public init(height: Int, root: borrowing SecretBytes<32>) {
      precondition((1...24).contains(height))
      self.height = height
      self.root = [UInt8](copying: root.bytes)
    }

    /// The fewest subsets that hold every device but the revoked ones: at most 2r - 1 of them for r revoked.
    public func cover(revoked: Set<Int>) -> [Subset] {
      var result: [Subset] = []
      let leaves = revoked.map { UInt32($0) + 1 << UInt32(height) }.sorted()
      guard let top = cover(under: 1, leaves[...], &result) else { return [Subset(i: 1, j: 0)] }
      if top != 1 { result.append(Subset(i: 1, j: top)) }
      return result
    }

    /// The node that stands for the revoked leaves under `node`: everything else under it is covered or yet to be.
    private func cover(under node: UInt32, _ leaves: ArraySlice<UInt32>, _ result: inout [Subset]) -> UInt32? {
      guard !leaves.isEmpty else { return nil }
      if node >> UInt32(height) == 1 { return node }
      let depth = UInt32(31 - node.leadingZeroBitCount)
      let middle = (2 * node + 1) << (UInt32(height) - depth - 1)
      let split = leaves.firstIndex { $0 >= middle } ?? leaves.endIndex
      let left = cover(under: 2 * node, leaves[..<split], &result)
      let right = cover(under: 2 * node + 1, leaves[split...], &result)
      guard let left, let right else { return left ?? right }
      if left != 2 * node { result.append(Subset(i: 2 * node, j: left)) }
      if right != 2 * node + 1 { result.append(Subset(i: 2 * node + 1, j: right)) }
      return node
    }

    /// What goes to everybody: the system key, sealed once for each subset of the cover.
    public func header<H: Hash.Function>(
      for systemKey: borrowing SecretBytes<32>, revoked: Set<Int>, _: H.Type = Hash.SHA256.self
    ) -> [Entry] {
      cover(revoked: revoked).map { subset in
        var label = nodeLabel(subset.i, H.self)
        if subset.j != 0 { Self.descend(&label, from: subset.i, to: subset.j, H.self) }
        Self.step(&label, 2, H.self)
        var sealed = [UInt8](repeating: 0, count: 32 + tagLength)
        var target = sealed.mutableBytes
        // A subset's key seals one system key ever: the nonce may be fixed.
        Cipher.ChaChaPoly.seal(
          systemKey.bytes, into: &target, key: label.bytes, nonce: 0, authenticating: RawSpan())
        return Entry(subset: subset, sealed: sealed)
      }
    }

    /// What the device at `leaf` gets at assembly: height (height + 1) / 2 + 1 labels.
    public func receiver(_ leaf: Int) -> Receiver {
      let own = UInt32(leaf) + 1 << UInt32(height)
      // The whole tree's label would open every subset under the root: its key is stored instead, which opens only that.
      var whole = nodeLabel(1, Hash.SHA256.self)
      Self.step(&whole, 2, Hash.SHA256.self)
      var labels = [Subset(i: 1, j: 0): [UInt8](copying: whole.bytes)]
      for depth in 0..<height {
        let i = own >> UInt32(height - depth)
        for below in depth + 1...height {
          let sibling = own >> UInt32(height - below) ^ 1
          var label = nodeLabel(i, Hash.SHA256.self)
          Self.descend(&label, from: i, to: sibling, Hash.SHA256.self)
          labels[Subset(i: i, j: sibling)] = [UInt8](copying: label.bytes)
        }
      }
      return Receiver(leaf: own, labels: labels)
    }

    /// A device's side.
    public struct Receiver {
      let leaf: UInt32
      let labels: [Subset: [UInt8]]

      public var labelCount: Int { labels.count }

      /// Finds the subset that holds this device and opens the system key; false when the device has been left out.
      public func open<H: Hash.Function>(
        _ header: [Entry], into systemKey: inout SecretBytes<32>, _: H.Type = Hash.SHA256.self
      ) -> Bool {
        for entry in header {
          let (i, j) = (entry.subset.i, entry.subset.j)
          guard i > 0, SubsetDifference.isAbove(i, leaf), j == 0 ? i == 1 : !SubsetDifference.isAbove(j, leaf) else {
            continue
          }
          var label = SecretBytes<32>()
          if j == 0 {
            guard let stored = labels[entry.subset] else { return false }
            label.copy(from: stored.bytes)
          } else {
            // The stored label hangs off the path to this leaf, at j or above it.
            var node = j
            while node > i, labels[Subset(i: i, j: node)] == nil { node >>= 1 }
            guard let stored = labels[Subset(i: i, j: node)] else { return false }
            label.copy(from: stored.bytes)
            SubsetDifference.descend(&label, from: node, to: j, H.self)
            SubsetDifference.step(&label, 2, H.self)
          }
          var target = systemKey.mutableBytes
          return
            (try? Cipher.ChaChaPoly.open(
              entry.sealed.bytes, into: &target, key: label.bytes, nonce: 0, authenticating: RawSpan())) != nil
        }
        return false
      }
    }

    private static func isAbove(_ node: UInt32, _ leaf: UInt32) -> Bool {
      let distance = node.leadingZeroBitCount - leaf.leadingZeroBitCount
      return distance >= 0 && leaf >> UInt32(distance) == node
    }

    private func nodeLabel<H: Hash.Function>(_ node: UInt32, _: H.Type) -> SecretBytes<32> {
      var label = SecretBytes<32>()
      var target = label.mutableBytes
      var mac = Hash.HMAC<H>(key: root.bytes)
      mac.updateLabel("countersign-v1 subset label")
      withUnsafeBytes(of: node.bigEndian) { mac.update(RawSpan(_unsafeBytes: $0)) }
      mac.finalize(into: &target)
      return label
    }

    /// Walks from `node` down to `target`, one half of the generator at each turn.
    private static func descend<H: Hash.Function>(
      _ label: inout SecretBytes<32>, from node: UInt32, to target: UInt32, _: H.Type
    ) {
      let turns = node.leadingZeroBitCount - target.leadingZeroBitCount
      for turn in stride(from: turns - 1, through: 0, by: -1) {
        step(&label, UInt8(target >> UInt32(turn) & 1), H.self)
      }
    }

    /// The generator's thirds: 0 goes left, 1 goes right, 2 is the key.
    private static func step<H: Hash.Function>(_ label: inout SecretBytes<32>, _ third: UInt8, _: H.Type) {
      var mac = Hash.HMAC<H>(key: label.bytes)
      withUnsafeBytes(of: third) { mac.update(RawSpan(_unsafeBytes: $0)) }
      var target = label.mutableBytes
      mac.finalize(into: &target)
    }
  }
#endif
