// SPDX-License-Identifier: Apache-2.0

/// The `key=value` lines of flynn/noise's vectors.txt, turned into the fields of the JSON shape.
///
/// A block starts with `handshake=NAME`. One `preshared_key` serves every psk token, and public keys are not written: they
/// follow from the private ones.
enum LineVectors {
  private static let names = [
    "handshake": "protocol_name", "init_static": "init_static", "resp_static": "resp_static",
    "gen_init_ephemeral": "init_ephemeral", "gen_resp_ephemeral": "resp_ephemeral",
    "resp_ephemeral": "resp_ephemeral", "handshake_hash": "handshake_hash",
  ]

  /// The vectors, or nil when the text is not of this shape.
  static func parse(_ text: String) -> [[String: Any]]? {
    var vectors: [[String: Any]] = []
    var messages: [[String: Any]] = []
    func finish() {
      guard !vectors.isEmpty else { return }
      vectors[vectors.count - 1]["messages"] = messages
      messages = []
    }
    for line in text.split(whereSeparator: \.isNewline) where !line.hasPrefix("#") {
      let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 2, vectors.isEmpty == false || parts[0] == "handshake" else { return nil }
      let (key, value) = (parts[0], parts[1])
      if key == "handshake" {
        finish()
        vectors.append(["init_prologue": "", "resp_prologue": ""])
      }
      let last = vectors.count - 1
      if let name = names[key] {
        vectors[last][name] = value
      } else if key == "prologue" || key == "preshared_key" {
        let name = key == "prologue" ? "prologue" : "psk"
        vectors[last]["init_\(name)"] = value
        vectors[last]["resp_\(name)"] = value
      } else if key.hasPrefix("msg_"), key.hasSuffix("_payload") {
        messages.append(["payload": value])
      } else if key.hasPrefix("msg_"), !messages.isEmpty {
        messages[messages.count - 1]["ciphertext"] = value
      } else {
        vectors[last]["unknown"] = key
      }
    }
    finish()
    return vectors.isEmpty ? nil : vectors
  }
}
