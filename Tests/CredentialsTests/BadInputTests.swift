// SPDX-License-Identifier: Apache-2.0

import Credentials
import FleetSupport
import CountersignCrypto
import Testing
import Wire

/// Each parser against 100,000 inputs: it gives a typed error, or an object that is written as exactly these bytes.
@Suite("Bad input")
struct BadInputTests {
  let authority = try! Authority()

  @Test func certificates() throws {
    let certificate = try authority.certificate(for: X25519.PrivateKey.random().publicKey)
    var accepted = 0
    BadInput.forEach("certificates", like: [certificate.encoded]) { input in
      do throws(WireError) {
        let decoded = try Certificate(decoding: input.bytes)
        accepted += 1
        if decoded.encoded != input { Issue.record("decoded otherwise than written: \(input)") }
        if decoded != certificate, decoded.isSigned(by: authority.anchor) { Issue.record("forged: \(input)") }
      } catch {}
    }
    // A parser that refuses everything would pass otherwise.
    #expect(accepted > 10_000)
  }

  @Test func certificatesInHandshakes() throws {
    let key = X25519.PrivateKey.random().publicKey
    let certificate = try authority.certificate(for: key)
    var accepted = 0
    BadInput.forEach("certificates in handshakes", like: [certificate.encodedForHandshake]) { input in
      do throws(WireError) {
        let decoded = try Certificate(decoding: input.bytes, publicKey: key)
        accepted += 1
        if decoded.encodedForHandshake != input { Issue.record("decoded otherwise than written: \(input)") }
      } catch {}
    }
    #expect(accepted > 10_000)
  }

  @Test func epochStatements() throws { try statements(authority.epoch(11)) }
  @Test func revocationStatements() throws { try statements(authority.revocation()) }
  @Test func policyStatements() throws { try statements(authority.policy(from: 1, to: 2)) }

  private func statements<Content>(_ statement: Statement<Content>) throws {
    var accepted = 0
    BadInput.forEach("\(Content.self)", like: [statement.encoded]) { input in
      do throws(WireError) {
        let decoded = try Statement<Content>(decoding: input.bytes)
        accepted += 1
        if decoded.encoded != input { Issue.record("decoded otherwise than written: \(input)") }
        if decoded != statement, decoded.isSigned(by: authority.anchor) { Issue.record("forged: \(input)") }
      } catch {}
    }
    #expect(accepted > 10_000)
  }

  @Test func identityCredentials() throws {
    let master = try Master()
    let credential = try master.injected()
    var accepted = 0
    BadInput.forEach("identity credentials", like: [credential.encoded]) { input in
      do throws(WireError) {
        let decoded = try IdentityCredential(decoding: input.bytes)
        accepted += 1
        if decoded.encoded != input { Issue.record("decoded otherwise than written: \(input)") }
        // Reconstruction is the slow part, and must not trap either.
        if accepted % 20 == 0, let key = try? decoded.publicKey(under: master.publicKey), decoded != credential,
          let original = try? credential.publicKey(under: master.publicKey), key == original
        {
          Issue.record("two credentials, one key: \(input)")
        }
      } catch {}
    }
    #expect(accepted > 10_000)
  }

  @Test func misissuanceEvidence() throws {
    let master = try Master()
    let evidence = try MisissuanceEvidence(master.injected(), master.injected())
    var accepted = 0
    BadInput.forEach("misissuance evidence", like: [evidence.encoded]) { input in
      do throws(CredentialsError) {
        let decoded = try MisissuanceEvidence(decoding: input.bytes)
        accepted += 1
        if decoded.encoded != input { Issue.record("decoded otherwise than written: \(input)") }
      } catch {}
    }
    #expect(accepted > 5_000)
  }

  @Test func blindedCredentials() throws {
    let master = try Master()
    var request = IdentityRequest()
    request.generate()
    let answer = try master.key.issueBlinded(master.fields(), request: request.point)
    var accepted = 0
    BadInput.forEach("blinded credentials", like: [answer.encoded]) { input in
      do throws(WireError) {
        let decoded = try BlindedCredential(decoding: input.bytes)
        accepted += 1
        if decoded.encoded != input { Issue.record("decoded otherwise than written: \(input)") }
      } catch {}
    }
    #expect(accepted > 10_000)
  }

  @Test func trustStores() throws {
    var trust = authority.trust()
    for device: UInt64 in 0..<40 { try trust.accept(authority.revocation(device: device)) }
    try trust.accept(authority.policy(from: 2, to: 1))
    let key = X25519.PrivateKey.random().publicKey
    let certificate = try authority.certificate(for: key, system: 2)
    var accepted = 0
    BadInput.forEach("trust stores", like: [authority.trust().encoded, trust.encoded]) { input in
      do {
        var decoded = try TrustStore(encoded: input)
        accepted += 1
        // Whatever was stored, using it must not trap either.
        try? decoded.check(certificate.fields, isInitiator: accepted % 2 == 0)
        if accepted % 100 == 0 {
          try decoded.accept(authority.epochStatement)
          try decoded.accept(authority.revocationStatement)
        }
      } catch {}
    }
    #expect(accepted > 10_000)
  }
}

extension Authority {
  fileprivate var epochStatement: EpochStatement { try! epoch(30_000) }
  fileprivate var revocationStatement: RevocationStatement { try! revocation(device: 1000, lastEpoch: 30_001) }
}
