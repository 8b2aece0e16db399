// SPDX-License-Identifier: Apache-2.0

import Schemes
import Testing

@testable import Comparison

@Suite("What fits, as far as is known")
struct VerdictTests {
  @Test(
    "A scheme that renews its keys in an image is judged by that; the others by at least what their handshake takes")
  func completeDevices() throws {
    let shipped = try OnTargetResults.shipped()
    func record(_ scheme: SchemeID, _ role: String) throws -> OnTargetResults.Record {
      try #require(shipped.records.first { $0.core == .m0 && $0.scheme == scheme.name && $0.role == role })
    }
    func device(_ scheme: SchemeID, withPeers: Bool = false) throws -> DeviceImage {
      try #require(shipped.device(scheme, on: .m0, withPeers: withPeers))
    }
    let whole = try record(.certified, "rotation")
    let start = try record(.certified, "device")
    for scheme in [SchemeID.certified, .registered, .compactKK] {
      let image = try device(scheme)
      #expect(image.flashBytes == Constant(try #require(whole.flashBytes), source: shipped.source))
      #expect(image.ramBytes?.value == whole.ramBytes && image.growth == Growth())
    }
    #expect(try device(.identityBased).flashBytes?.value == record(.identityBased, "rotation").flashBytes)
    // A derived key beside the pair is in no image; nor is a device that has a derived key only, and renews it.
    #expect(try device(.hybridIKpsk2).flashBytes?.doubts == [.atLeast])
    let derived = try device(.derivedKey)
    #expect(derived.flashBytes?.value == (try record(.derivedKey, "device").flashBytes))
    #expect(derived.flashBytes?.doubts == [.atLeast])
    let growth = try [SchemeID.certified, .identityBased].map {
      try #require(record($0, "rotation").flashBytes) / #require(record($0, "device").flashBytes)
    }
    #expect(derived.growth.flash == growth.max() && derived.growth.flash > 2)
    // With peers, a device has at least the largest part, and at most all that the parts add.
    let peers = try device(.certified, withPeers: true)
    #expect(peers.flashBytes?.value == whole.flashBytes && peers.flashBytes?.doubts == [.atLeast])
    let parts = try ["initiator", "responder", "sender of a sealed message", "recipient of a sealed message"].map {
      try #require(record(.certified, $0).flashBytes) - #require(start.flashBytes)
    }
    let most = try #require(whole.flashBytes) + parts.reduce(0, +)
    #expect(abs(peers.growth.flash * (try #require(whole.flashBytes)) - most) < 1e-6)
  }

  @Test("On class 1 no device with a key of its own fits by the image of a complete one, though its handshake would")
  func classOne() throws {
    let catalog = try Catalog.shipped()
    let budget = try Budget.load("class-1-node", catalog)
    let model = CostModel(budget, catalog: catalog, onTarget: try OnTargetResults.shipped())
    let profile = try #require(try Survey.run([.certified]).profiles.first)
    #expect(model.row(profile).verdict.fit == .fails)
    let handshake = try #require(try OnTargetResults.shipped().record(.certified, on: .m0)?.ramBytes)
    #expect(handshake < 10 * 1_024 * budget.limits.memoryShare)
  }

  @Test("What is doubtful has a margin, what is known in part an upper bound, and what is exact neither")
  func margins() {
    func fit(_ value: Double, _ doubts: Set<Doubt> = [], _ limit: Limit = .flash, growth: Double = 1) -> Fit {
      Verdict(
        uses: [limit: Quantity(value, .computed, from: "test", doubts: doubts)],
        growth: Growth(flash: growth, ram: 1), spread: 0.5
      ).fit
    }
    #expect(fit(0.999) == .fits && fit(1.001) == .fails)
    for doubt in [Doubt.unverified, .uncalibrated, .timed] {
      #expect(fit(0.9, [doubt]) == .fits && fit(0.95, [doubt]) == .open)
      #expect(fit(1.05, [doubt]) == .open && fit(1.2, [doubt]) == .fails)
    }
    #expect(fit(0.5, [.atLeast]) == .fits && fit(0.5, [.atLeast], growth: 2.1) == .open)
    #expect(fit(1.01, [.atLeast], growth: 2.1) == .fails)
    // The turns of a measured time were further apart than the margin.
    #expect(fit(0.7, [.timed], .readmission) == .open && fit(0.6, [.timed], .readmission) == .fits)
  }
}
