import Comparison
import Testing

@Suite("Formulas, against published values")
struct FormulaTests {
  /// Semtech AN1200.13, the worked example: SF9, 125 kHz, coding rate 4/5, 8 symbols of preamble, CRC, 13 bytes.
  @Test("LoRa airtime: AN1200.13")
  func loraCheckValue() {
    #expect(abs(Airtime.lora(payload: 13, spreadingFactor: 9, bandwidthKhz: 125) - 164.864) < 1e-9)
  }

  /// The airtimes of LoRaWAN's longest EU868 frames, as calculators of the LoRa community print them.
  @Test(
    "LoRa airtime over data rates",
    arguments: [(12.0, 64.0, 2793.472), (10.0, 64.0, 698.368), (7.0, 235.0, 368.896), (7.0, 13.0, 46.336)])
  func loraRates(_ factor: Double, _ payload: Double, _ expected: Double) {
    #expect(abs(Airtime.lora(payload: payload, spreadingFactor: factor, bandwidthKhz: 125) - expected) < 0.001)
  }

  @Test("1 % of duty cycle is 99 times the airtime in silence")
  func silence() {
    #expect(abs(Airtime.silence(after: 1.5, dutyCycle: 0.01) - 148.5) < 1e-9)
    #expect(Airtime.silence(after: 1.5, dutyCycle: 1) == 0)
  }

  /// IEEE 802.15.4 at 250 kbit/s: a full frame, 127 bytes and 6 of preamble and header, takes 4.256 ms.
  @Test("802.15.4: the longest frame")
  func ieee802154() {
    #expect(abs(Airtime.serial(bytes: 133, rateKbps: 250) - 4.256) < 1e-9)
  }

  /// Bluetooth Core: the longest LE 1M data packet, 251 bytes of payload with MIC left out, takes 2,088 us; an empty one 80.
  @Test("BLE: the shortest and the longest packet")
  func ble() {
    #expect(abs(Airtime.serial(bytes: 10, rateKbps: 1_000) - 0.080) < 1e-9)
    #expect(abs(Airtime.serial(bytes: 261, rateKbps: 1_000) - 2.088) < 1e-9)
  }

  /// 1,536 bytes at 54 Mbit/s: 57 symbols and 20 us are the 248 us of the textbooks.
  @Test("Wi-Fi: 1,536 bytes at 54 Mbit/s")
  func wifi() {
    #expect(abs(Airtime.wifi(bytes: 1_536, rateKbps: 54_000) - 0.248) < 1e-9)
  }

  @Test("Energy and life in their units")
  func energy() {
    #expect(Energy.millijoules(volts: 3, milliamperes: 10, milliseconds: 100) == 3)
    #expect(Energy.milliseconds(cycles: 64_000, clockMhz: 64) == 1)
    // A CR2032 of 225 mAh at 3 V holds 2,430 J.
    #expect(abs(Energy.content(capacityMah: 225, volts: 3) - 2_430_000) < 1e-6)
    #expect(Energy.days(content: 1_000, perDay: 10) == 100)
  }

  @Test("A message that does not fit one frame pays for the pieces")
  func fragments() throws {
    let catalog = try Catalog.shipped()
    let lora = try catalog.radio("lorawan-eu868-dr0")
    #expect(lora.frames(0) == 1)
    #expect(lora.frames(51) == 1)
    #expect(lora.frames(52) == 2)
    #expect(lora.frames(100) == 2)
    #expect(lora.frames(101) == 3)
    // Two pieces: 50 bytes and a header, then 2 bytes and a header, each with LoRaWAN's 13.
    let expected =
      Airtime.lora(payload: 64, spreadingFactor: 12, bandwidthKhz: 125)
      + Airtime.lora(payload: 16, spreadingFactor: 12, bandwidthKhz: 125)
    #expect(abs(lora.airtime(52) - expected) < 1e-9)
    let radio = try catalog.radio("802154")
    // 8 (bytes + 39 frames) / 250, as long as nothing is split.
    #expect(abs(radio.airtime(48) - 8 * 87 / 250) < 1e-9)
  }
}
