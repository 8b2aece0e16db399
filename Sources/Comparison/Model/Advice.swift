/// What to do, in plain sentences. Resources/page.js says the same in the browser.
public enum Advice {
  /// From the scheme that gives most to the one that gives least; broadcast and PBKDF2 are never advised.
  static let preference: [SchemeName] = [
    .certified, .registered, .hybridIKpsk2, .identityBased, .compactKK, .derivedKeyEphemeral, .derivedKeyRatchet,
    .derivedKey, .sharedKey,
  ]

  /// One scheme.
  public static func sentence(_ row: Row) -> String {
    guard let binding = row.verdict.binding, let use = row.verdict.use[binding] else { return row.profile.remark }
    if row.verdict.fits {
      return "Fits: \(binding.words) is used most, \(Format.short(100 * use)) %. \(row.profile.remark)"
    }
    return "Does not fit: \(binding.words), \(Format.short(use)) times what is allowed. \(row.profile.remark)"
  }

  /// The scheme to choose: the one that gives most among those that fit.
  public static func choice(_ rows: [Row]) -> Row? {
    for name in preference {
      if let row = rows.first(where: { $0.profile.scheme == name && $0.verdict.fits }) { return row }
    }
    return nil
  }

  /// The whole comparison: what to choose, and by how much the derived key is cheaper.
  public static func summary(_ rows: [Row]) -> [String] {
    guard let choice = choice(rows) else {
      return ["No scheme fits this budget: see which limit binds each, and change that."]
    }
    var sentences = [
      "Choose \(choice.profile.scheme.rawValue): of the schemes that fit, it gives most.", choice.profile.remark,
    ]
    guard let kdf = rows.first(where: { $0.profile.scheme == .derivedKey }), choice.profile.isPublicKey else {
      return sentences
    }
    var wins: [String] = []
    for (key, what) in [
      ("handshake_bytes", "bytes on the wire"), ("cpu_ms", "processor time"), ("handshake_mj", "energy"),
      ("server_us", "server time"),
    ] {
      if let mine = choice.value(key), let its = kdf.value(key), its > 0 {
        wins.append("\(Format.short(mine / its)) times the \(what)")
      }
    }
    sentences.append(
      "Where the derived key wins: against it, a handshake of \(choice.profile.scheme.rawValue) takes "
        + wins.joined(separator: ", ") + ".")
    if let mine = choice.value("battery_days"), let its = kdf.value("battery_days") {
      sentences.append(
        "Over the battery's life that is \(Format.short(its - mine)) days of \(Format.short(its))"
          + " (\(Format.short(100 * (its - mine) / its)) %).")
    }
    sentences.append("What the derived key pays for that: \(kdf.profile.remark)")
    return sentences
  }
}
