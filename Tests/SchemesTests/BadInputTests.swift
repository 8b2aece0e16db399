// SPDX-License-Identifier: Apache-2.0

import Credentials
import FleetSupport
import Noise
import CountersignCrypto
import Schemes
import Testing

@Suite("Bad input")
struct BadInputTests {
  @Test func firstFrames() throws {
    let pair = try ServerHandshake()
    let certified = try pair.hello()
    let empty = try pair.hello(scheme: .registered, payload: [])
    let wrong = try pair.hello(scheme: .certified, payload: [UInt8](repeating: 7, count: 84))
    BadInput.forEach("first frames", like: [certified, empty, wrong]) { input in
      do throws(SchemesError) {
        _ = try pair.read(input)
        if input != certified && input != empty { Issue.record("accepted: \(input)") }
      } catch {}
    }
  }

  @Test func answers() throws {
    let pair = try ServerHandshake()
    _ = try pair.read(pair.hello())
    let reply = try pair.reply()
    BadInput.forEach("answers", like: [reply]) { input in
      guard input != reply else { return }
      do throws(SchemesError) {
        try pair.finish(input)
        Issue.record("accepted: \(input)")
      } catch {}
    }
    try pair.finish(reply)
  }
}
