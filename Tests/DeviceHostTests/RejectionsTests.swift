// SPDX-License-Identifier: Apache-2.0

import Credentials
import Testing
import Wire

@testable import DeviceHost

@Suite("Telling others that a frame cannot be read")
struct RejectionsTests {
  private func peer(_ device: UInt64) -> DeviceAddress { DeviceAddress(system: SystemID(1), device: DeviceID(device)) }

  @Test("Each other device is told so often in a second, and then again")
  func perSecond() {
    var rejections = Rejections()
    let start = ContinuousClock.now
    for round in 0..<3 {
      let now = start + .seconds(round)
      for peer in [peer(1), peer(2)] {
        var told = 0
        for _ in 0..<20 where rejections.allows(peer, at: now) { told += 1 }
        #expect(told == Rejections.perSecond)
      }
    }
  }

  @Test("However many others there are, no more of them are remembered, and those whose second has passed make room")
  func manyPeers() {
    var rejections = Rejections()
    let start = ContinuousClock.now
    let all = UInt64(Rejections.maximumPeerCount)
    func isTold(_ device: UInt64, after time: Duration) -> Bool { rejections.allows(peer(device), at: start + time) }
    for device in 0..<all {
      let told = isTold(device, after: .zero)
      #expect(told)
    }
    let late = isTold(all, after: .milliseconds(999))
    let known = isTold(0, after: .milliseconds(999))
    let later = isTold(all, after: .seconds(1))
    #expect(!late && known && later)
  }
}
