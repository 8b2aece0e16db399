import Schemes
import Schemes

/// What to do, in plain sentences. Resources/page.js says the same in the browser.
public enum Advice {
  /// From the scheme that gives most to the one that gives least; broadcast and PBKDF2 are never advised.
  static let preference: [SchemeID] = [
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
  public static func summary(_ rows: [Row], _ budget: Budget) -> [String] {
    guard let choice = choice(rows) else {
      return ["No scheme fits this budget: see which limit binds each, and change that."]
    }
    var sentences = [
      "Choose \(choice.profile.scheme.name): of the schemes that fit, it gives most.", choice.profile.remark,
    ]
    guard choice.profile.isPublicKey else { return sentences + nearestPublicKey(rows) }
    guard let kdf = rows.first(where: { $0.profile.scheme == .derivedKey }) else { return sentences }
    var wins: [String] = []
    for (key, what) in compared {
      if let mine = choice.value(key), let its = kdf.value(key), its > 0 {
        wins.append("\(Format.short(mine / its)) times the \(what)")
      }
    }
    sentences.append(
      "Where the derived key wins: against it, a handshake of \(choice.profile.scheme.name) takes "
        + wins.joined(separator: ", ") + ".")
    sentences += battery(choice, kdf, budget)
    sentences.append("What the derived key pays for that: \(kdf.profile.remark)")
    return sentences
  }

  /// In what a handshake of the chosen scheme is set beside one of the derived key.
  static let compared = [
    ("handshake_bytes", "bytes on the wire"), ("cpu_ms", "processor time"), ("handshake_mj", "energy"),
    ("server_us", "server time"),
  ]

  /// How much longer the battery lasts with the derived key, and from how many handshakes a day on that is a tenth.
  private static func battery(_ choice: Row, _ kdf: Row, _ budget: Budget) -> [String] {
    guard let mine = choice.value("battery_days"), let its = kdf.value("battery_days"),
      let myHandshake = choice.value("handshake_mj"), let itsHandshake = kdf.value("handshake_mj"),
      let capacity = budget.battery.capacityMah
    else { return [] }
    var sentences = [
      "Over the battery's life that is \(Format.short(its - mine)) days of \(Format.short(its))"
        + " (\(Format.short(100 * (its - mine) / its)) %)."
    ]
    let content = Energy.content(capacityMah: capacity.value, volts: budget.battery.volts.value)
    let rate = budget.usage.handshakesPerDay
    let myRest = content / mine - rate * myHandshake
    let itsRest = content / its - rate * itsHandshake
    let tenth = (itsRest - 0.9 * myRest) / (0.9 * myHandshake - itsHandshake)
    sentences.append(
      tenth > 0 && tenth <= Usage.handshakesRange.upperBound
        ? "From \(Format.short(tenth)) handshakes a day on, the derived key saves a tenth of the battery's life or more."
        : "At no rate up to one handshake a second does the derived key save a tenth of the battery's life.")
    return sentences
  }

  /// Where only symmetric schemes fit: what keeps the others out, and by how much.
  private static func nearestPublicKey(_ rows: [Row]) -> [String] {
    let others = rows.filter { $0.profile.isPublicKey && $0.verdict.binding != nil }
    func overuse(_ row: Row) -> Double { row.verdict.binding.flatMap { row.verdict.use[$0] } ?? 0 }
    guard let nearest = others.min(by: { overuse($0) < overuse($1) }), let binding = nearest.verdict.binding else {
      return []
    }
    return [
      "Here the derived key wins outright: no scheme fits in which a device has a key of its own. Nearest comes "
        + "\(nearest.profile.scheme.name), with \(Format.short(overuse(nearest))) times what is allowed of: "
        + "\(binding.words)."
    ]
  }
}
