// SPDX-License-Identifier: Apache-2.0

import Assembly
import CountersignCrypto
import Credentials
import Foundation
import Keyring
import Registry
import Schemes
import Wire

/// `device add --batch`: the assembly line.
struct DeviceBatch {
  let registry: SQLiteRegistry
  let issuer: AuthorityIssuer
  let system: RegisteredSystem
  let csv: String
  let out: String
  let manifest: String?
  let scheme: SchemeID
  let authority: Authority
  let identityBased: (issuance: IdentityCredential.Issuance, authority: Authority)?

  private struct Result: Encodable {
    let system: UInt32
    let devices: Int
    let made: Int
    let found: Int
    let manifest: String
    let seconds: Double
    let devicesPerSecond: Double
  }

  func run(_ output: OutputOptions) throws {
    var input = try readInput(csv)
    defer { wipe(&input) }
    let plan = try assembling { () throws(AssemblyError) in try BatchPlan(csv: input) }
    if plan.hasSecretKeys { try HexadecimalSecret.checkOwn(csv) }
    guard !plan.rows.isEmpty else {
      throw Failure(.dataError, "no devices in the table", hint: "It has a header and nothing else. Nothing was done.")
    }
    let batch = Batch(
      registry: registry, issuer: issuer, system: system.id, directory: out, scheme: scheme, authority: authority,
      identityBased: identityBased)
    let manifest = manifest ?? out + "/manifest.csv"
    let start = ContinuousClock.now
    let summary = try creating(out, manifest) { () throws(AssemblyError) in
      let bar = ProgressBar(total: plan.rows.count)
      let summary = try batch.run(plan) { bar.show($0) }
      bar.finish()
      try Manifest.write(plan, of: batch, to: manifest)
      return summary
    }
    let elapsed = start.duration(to: .now)
    let seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18
    if output.isJSON {
      try printJSON(
        Result(
          system: system.id.rawValue, devices: plan.rows.count, made: summary.made, found: summary.found,
          manifest: manifest, seconds: seconds, devicesPerSecond: Double(summary.made) / seconds))
    } else {
      let earlier = summary.found > 0 ? ", \(summary.found) were there from an earlier run" : ""
      if let identityBased { print("Credentials: identity-based (\(identityBased.issuance.words)).") }
      if scheme.isSymmetric { print("Keys: \(scheme.name). The server knows them, and reads these devices' messages.") }
      print("\(summary.made) devices of \(system.name) in \(out)\(earlier). Manifest: \(manifest)")
    }
  }
}
