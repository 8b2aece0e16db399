// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Comparison

@Suite("Formulas, against published values")
struct FormulaTests {
  private func value(_ formula: Formula) throws -> Double { try #require(formula()) }

  /// Semtech AN1200.13, the worked example: SF9, 125 kHz, coding rate 4/5, 8 symbols of preamble, CRC, 13 bytes.
  @Test("LoRa airtime: AN1200.13")
  func loraCheckValue() throws {
    #expect(abs(try value(Airtime.lora(payload: 13, spreadingFactor: 9, bandwidthKhz: 125)) - 164.864) < 1e-9)
  }

  /// The airtimes of LoRaWAN's longest EU868 frames, as calculators of the LoRa community print them.
  @Test(
    "LoRa airtime over data rates",
    arguments: [(12.0, 64.0, 2793.472), (10.0, 64.0, 698.368), (7.0, 235.0, 368.896), (7.0, 13.0, 46.336)])
  func loraRates(_ factor: Double, _ payload: Double, _ expected: Double) throws {
    let airtime = Airtime.lora(payload: .number(payload), spreadingFactor: .number(factor), bandwidthKhz: 125)
    #expect(abs(try value(airtime) - expected) < 0.001)
  }

  @Test("Where every transmission is paid for at once, 1 % of duty cycle is 99 times the airtime in silence")
  func silence() throws {
    #expect(abs(try value(Airtime.silence(after: 1.5, dutyCycle: 0.01)) - 148.5) < 1e-9)
    #expect(try value(Airtime.silence(after: 1.5, dutyCycle: 1)) == 0)
  }

  /// 1 % of an hour is 36 s.
  @Test("Where a share is counted by the hour, silence begins when the hour's is used up")
  func hourlyWindow() throws {
    for (airtime, waiting) in [(0, 0.0), (1.5, 0), (36, 0), (36.001, 3_564), (72, 3_564), (73, 7_128)] {
      let formula = Airtime.waiting(for: .number(airtime), dutyCycle: 0.01, window: 3_600)
      #expect(abs(try value(formula) - waiting) < 1e-6, "\(airtime)")
    }
  }

  /// IEEE 802.15.4 at 250 kbit/s: a full frame, 127 bytes and 6 of preamble and header, takes 4.256 ms.
  @Test("802.15.4: the longest frame")
  func ieee802154() throws {
    #expect(abs(try value(Airtime.serial(bytes: 133, rateKbps: 250)) - 4.256) < 1e-9)
  }

  /// Bluetooth Core: the longest LE 1M data packet, 251 bytes of payload with MIC left out, takes 2,088 us; an empty one 80.
  @Test("BLE: the shortest and the longest packet")
  func ble() throws {
    #expect(abs(try value(Airtime.serial(bytes: 10, rateKbps: 1_000)) - 0.080) < 1e-9)
    #expect(abs(try value(Airtime.serial(bytes: 261, rateKbps: 1_000)) - 2.088) < 1e-9)
  }

  /// 1,536 bytes at 54 Mbit/s: 57 symbols and 20 us are the 248 us of the textbooks.
  @Test("Wi-Fi: 1,536 bytes at 54 Mbit/s")
  func wifi() throws {
    #expect(abs(try value(Airtime.wifi(bytes: 1_536, rateKbps: 54_000)) - 0.248) < 1e-9)
  }

  @Test("Energy in its units")
  func energy() throws {
    #expect(try value(Energy.millijoules(volts: 3, milliamperes: 10, milliseconds: 100)) == 3)
    #expect(try value(Energy.milliseconds(cycles: 64_000, clockMhz: 64)) == 1)
    // A CR2032 of 225 mAh at 3 V holds 2,430 J.
    #expect(abs(try value(Energy.content(capacityMah: 225, volts: 3)) - 2_430_000) < 1e-6)
  }

  /// A radio's formulas of one message.
  private func link(_ id: String) throws -> (frames: (Double) -> Double?, airtime: (Double) -> Double?) {
    var inputs = Inputs()
    inputs.add(try Catalog.shipped().radio(id), as: "radio")
    func evaluate(_ formula: Formula) -> (Double) -> Double? {
      { [inputs] bytes in
        var evaluation = Evaluation(inputs)
        return evaluation.figure(formula, bytes: bytes)?.value
      }
    }
    return (evaluate(Link.up.frames), evaluate(Link.up.airtime))
  }

  @Test("A message that does not fit one frame pays for the pieces")
  func fragments() throws {
    let lora = try link("lorawan-eu868-dr0")
    for (bytes, frames) in [(0, 1), (51, 1), (52, 2), (100, 2), (101, 3)] as [(Double, Double)] {
      #expect(lora.frames(bytes) == frames)
    }
    // Two pieces: 50 bytes and a header, then 2 bytes and a header, each with LoRaWAN's 13.
    let expected =
      try value(Airtime.lora(payload: 64, spreadingFactor: 12, bandwidthKhz: 125))
      + value(Airtime.lora(payload: 16, spreadingFactor: 12, bandwidthKhz: 125))
    #expect(abs(try #require(lora.airtime(52)) - expected) < 1e-9)
    // 8 (bytes + 39 frames) / 250, as long as nothing is split.
    #expect(abs(try #require(try link("802154").airtime(48)) - 8 * 87 / 250) < 1e-9)
  }

  @Test("What is absent makes absent what is made of it, but for the first that is present")
  func absence() {
    let absent = Formula.named("nothing")
    for formula in [
      absent + 1, 1 - absent, .max(absent, 2), .sum("nothing", .bytes), .only("nothing", is: "", 1), .first(),
    ] {
      #expect(formula() == nil)
    }
    #expect(Formula.first(absent, 7, 8)() == 7)
    #expect(Formula.choose(0, absent, else: 3)() == 3)
    #expect(Formula.choose(1, absent, else: 3)() == nil)
  }
}
