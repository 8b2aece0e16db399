// SPDX-License-Identifier: Apache-2.0

import Noise

/// Protocol names: what parses is printed back as it was, is a valid pattern and makes a handshake.
func fuzzNames(_ span: RawSpan) {
  var input = Input(span)
  let bytes = input.takeRest()
  // Half of the inputs are only the pattern's name, which is where the grammar is.
  let given = String(decoding: bytes, as: UTF8.self)
  let text =
    bytes.first == UInt8(ascii: "N")
    ? given : "Noise_\(given)_25519\(given.contains("hfs") ? "+MLKEM768" : "")_ChaChaPoly_SHA256"
  guard let name = try? NoiseProtocolName(text) else { return }
  require(name.description == text, "a name prints back as it was")
  do {
    try name.pattern.validate()
  } catch {
    fatalError("a name parses to an invalid pattern")
  }
}
