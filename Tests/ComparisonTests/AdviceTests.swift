// SPDX-License-Identifier: Apache-2.0

import Foundation
import Schemes
import Testing

@testable import Comparison

@Suite("From needs to a choice")
struct AdviceTests {
  static let measured = Result { try Survey.run() }

  private func advice(
    _ needs: [Need], _ budget: String = "sensor-802154", _ change: (inout Budget) -> Void = { _ in }
  ) throws -> Advice { try report(needs, budget, change).advice }

  private func report(
    _ needs: [Need], _ budget: String = "sensor-802154", _ change: (inout Budget) -> Void = { _ in }
  ) throws -> Report {
    let catalog = try Catalog.shipped()
    var loaded = try Budget.load(budget, catalog)
    change(&loaded)
    return Report(
      loaded, try Self.measured.get(), catalog: catalog, onTarget: try OnTargetResults.shipped(),
      needs: try Need.named(needs.map(\.rawValue)))
  }

  @Test(
    "Each combination of needs has its scheme",
    arguments: [
      // Every message ends at the server, and it may read everything.
      ([], .derivedKey), ([.quantum], .derivedKey), ([.clones], .derivedKey),
      ([.past], .derivedKeyEphemeral), ([.rootPast], .derivedKeyRatchet),
      ([.past, .clones], .compactKK), ([.rootIdentity], .compactKK), ([.privacy], .compactKK), ([.offline], .compactKK),
      ([.hosted], .compactKK), ([.privacy, .untracked], .registered), ([.privacy, .quantum], .hybridIKpsk2),
      (Need.allCases, .hybridIKpsk2),
    ] as [([Need], SchemeID)])
  func choices(_ needs: [Need], _ scheme: SchemeID) throws {
    let advice = try advice(needs)
    #expect(advice.choice?.profile.scheme == scheme)
    #expect(advice.reason.contains(scheme.name))
  }

  @Test("The choice meets every need; what is passed over lacks one, does not fit, or sends as much or more")
  func everyChoice() throws {
    for needs in Need.allCases.map({ [$0] }) + [[.past, .privacy], [.rootIdentity, .untracked]] {
      for budget in ["sensor-802154", "ble-tag", "water-meter-lorawan", "class-1-node", "camera-wifi"] {
        let advice = try advice(needs, budget)
        guard let choice = advice.choice else { continue }
        #expect(choice.verdict.fit != .fails)
        for row in advice.rows where row.profile.scheme != choice.profile.scheme {
          let scheme = row.profile.scheme
          let lacks = advice.matrix.unmet(advice.needs, on: scheme) != nil || !advice.matrix.hasCells(of: scheme)
          #expect(lacks || row.verdict.fit != .fits || row.bytes >= choice.bytes, "\(budget): \(needs): \(scheme)")
          #expect(advice.why(row).hasSuffix(".") && advice.why(row).count > 20)
          if let (_, attack) = advice.matrix.unmet(advice.needs, on: scheme), advice.matrix.hasCells(of: scheme) {
            #expect(advice.why(row).contains("countersign matrix --scheme \(scheme) --attack \(attack.name)"))
          }
        }
      }
    }
  }

  @Test("Every need is decided by rows of the matrix, and excludes a scheme")
  func needs() throws {
    let matrix = ExecutedMatrix.shipped
    for need in Need.allCases {
      #expect(need.rows.allSatisfy { matrix.attack($0) != nil })
      #expect(SchemeID.allCases.contains { matrix.hasCells(of: $0) && matrix.obstacle(need, on: $0) != nil })
      #expect(SchemeID.allCases.contains { matrix.hasCells(of: $0) && matrix.obstacle(need, on: $0) == nil })
    }
    #expect(try Need.named(["quantum", "past", "past"]) == [.isolation, .past, .quantum])
    #expect { try Need.named(["speed"]) } throws: {
      "\($0)".hasPrefix("need: \"speed\" is unknown; allowed: isolation, past")
    }
  }

  @Test("Where nothing fits, the advice says what comes nearest and by how much; where nothing meets the needs, that")
  func none() throws {
    let strict = try advice([.privacy]) { $0.limits.firstMessageSeconds = 0.001 }
    #expect(strict.choice == nil)
    #expect(strict.reason.hasPrefix("No scheme that meets every need fits. Nearest comes compact-kk, with "))
    #expect(strict.reason.hasSuffix("times what is allowed of: time to the first message."))
    var matrix = ExecutedMatrix.shipped
    for index in matrix.attacks.indices {
      for scheme in SchemeID.allCases { matrix.attacks[index].outcomes[scheme.name] = .succeeded }
    }
    let report = try report([])
    let hopeless = Advice(report.rows, report.budget, matrix: matrix)
    #expect(hopeless.choice == nil && hopeless.reason.hasPrefix("No scheme meets every need"))
  }

  @Test("JSON has a choice and a reason always")
  func json() throws {
    for (report, expected) in [
      (try report([]), "derived-key"), (try report([]) { $0.limits.firstMessageSeconds = 0.001 }, nil),
    ] as [(Report, String?)] {
      let json = try JSONSerialization.jsonObject(with: Data(try report.json().utf8)) as? [String: Any]
      #expect(json?.keys.contains("choice") == true)
      #expect(json?["choice"] as? String == expected)
      #expect((json?["reason"] as? String)?.isEmpty == false)
    }
  }

  @Test("The rate up to which it fits is the last that does")
  func mostHandshakes() throws {
    let choice = try #require(try advice([.privacy], "ble-tag").choice)
    let most = try #require(Sensitivity(choice).mostHandshakes())
    func daysAt(_ rate: Double) throws -> Double {
      let row = try advice([.privacy], "ble-tag") { $0.usage.handshakesPerDay = rate }.rows.first {
        $0.profile.scheme == choice.profile.scheme
      }
      return try #require(row?[.batteryDays]?.value)
    }
    #expect(most > 1 && most < 86_400)
    #expect(try daysAt(most * 0.999) > 730 && daysAt(most * 1.001) < 730)
  }

  @Test("A constant that turns the verdict does, by that factor and by no less")
  func turns() throws {
    let choice = try #require(try advice([], "ble-tag").choice)
    let turns = Sensitivity(choice).turns()
    let capacity = try #require(turns.first { $0.name == "battery.capacity_mah" })
    #expect(capacity.factor < 1)
    for (more, fits) in [(1.001, true), (0.999, false)] {
      let days = try advice([], "ble-tag") { $0.battery.capacityMah?.value *= capacity.factor * more }.rows.first {
        $0.profile.scheme == choice.profile.scheme
      }?[.batteryDays]?.value
      #expect((try #require(days) >= 730) == fits)
    }
    #expect(turns.map(\.distance) == turns.map(\.distance).sorted())
    #expect(!turns.contains { $0.name == "radio.frame_payload" || $0.name.hasPrefix("usage.") })
  }

  @Test("Whose X25519 a device has is said to change the choice where it does, and not to where it does not")
  func curves() throws {
    let same = try report([.privacy]).sentences
    #expect(same.contains { $0.hasPrefix("With any X25519 that has a name here (own, libsodium, published)") })
    let near = try report([.past], "sensor-802154") {
      // 2 multiplications of ours take 20 ms at 64 MHz, of libsodium's more than 50.
      $0.limits.firstMessageSeconds = 0.035
      $0.device.flashKib = nil
      $0.device.ramKib = nil
    }.sentences
    #expect(near.contains { $0.hasPrefix("With the X25519 called libsodium, of 1845010 cycles, it would be: none") })
  }

  @Test("The rate from which the derived key saves a tenth of the battery's life is the rate at which it does")
  func tenth() throws {
    let advice = try advice([.privacy])
    let sentence = try #require(advice.summary().first { $0.contains("handshakes a day on") })
    let rate = try #require(sentence.split(separator: " ").lazy.compactMap { Double($0) }.first)
    let rows = try self.advice([.privacy]) { $0.usage.handshakesPerDay = rate }.rows
    let days = Dictionary(uniqueKeysWithValues: rows.map { ($0.profile.scheme, $0[.batteryDays]?.value) })
    let choice = try #require(advice.choice)
    let chosen = try #require(days[choice.profile.scheme] ?? nil)
    let derived = try #require(days[.derivedKey] ?? nil)
    // The rate is printed with three digits.
    #expect(abs((derived - chosen) / derived - 0.1) < 0.001)
  }

  @Test("A scheme's paragraph has every executed cell of it, and the command that shows them")
  func security() throws {
    let matrix = ExecutedMatrix.shipped
    for scheme in SchemeID.allCases where matrix.hasCells(of: scheme) {
      let paragraph = matrix.paragraph(on: scheme)
      for attack in matrix.attacks where attack.outcomes[scheme.name] != .notApplicable {
        #expect(paragraph.contains(attack.wants), "\(attack.name)")
      }
      #expect(paragraph.hasSuffix("Shown by: countersign matrix --scheme \(scheme.name)"))
    }
    #expect(matrix.paragraph(on: .broadcast).hasPrefix("No attack was run on broadcast"))
  }
}
