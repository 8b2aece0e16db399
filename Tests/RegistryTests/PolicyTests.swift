// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Testing
import Wire

@testable import Keyring
@testable import Registry

@Suite struct PolicyTests {
  let test: TestAuthority

  init() throws { test = try TestAuthority() }

  @Test func systemsAreApartUntilAPolicySaysOtherwise() throws {
    #expect(try test.registry.allows(from: test.alpha, to: test.alpha))
    #expect(try !test.registry.allows(from: test.alpha, to: test.beta))
    let statement = try test.registry.allow(from: test.alpha, to: test.beta, through: nil, issuer: test.issuer)
    #expect(statement.isSigned(by: test.authority.issuerKey))
    #expect(try test.registry.allows(from: test.alpha, to: test.beta))
    #expect(try !test.registry.allows(from: test.beta, to: test.alpha))
    let denial = try test.registry.deny(from: test.alpha, to: test.beta, issuer: test.issuer)
    #expect(denial.content.lastEpoch == 0)
    #expect(try !test.registry.allows(from: test.alpha, to: test.beta))
    // Devices that have the permission must hear of its end.
    #expect(try test.registry.policies(concerning: test.beta).map(\.statement) == [denial])
  }

  @Test func noPolicyIsAboutOneSystem() throws {
    let refused = RegistryError.policyWithinSystem(test.alpha)
    #expect(throws: refused) { try test.registry.deny(from: test.alpha, to: test.alpha, issuer: test.issuer) }
    #expect(throws: refused) {
      try test.registry.allow(from: test.alpha, to: test.alpha, through: nil, issuer: test.issuer)
    }
    #expect(try test.registry.policies(concerning: nil).isEmpty)
  }

  @Test func aStandingPolicyFollowsTheEpoch() throws {
    _ = try test.registry.allow(from: test.alpha, to: test.beta, through: nil, issuer: test.issuer)
    _ = try test.registry.allow(from: test.beta, to: test.alpha, through: 3, issuer: test.issuer)
    _ = try test.registry.advanceEpoch(by: 20, issuer: test.issuer)
    #expect(try test.registry.allows(from: test.alpha, to: test.beta))
    #expect(try !test.registry.allows(from: test.beta, to: test.alpha))
    let policies = try test.registry.policies(concerning: nil)
    #expect(policies.map(\.statement.content.lastEpoch) == [29, 3])
    #expect(policies.allSatisfy { $0.statement.isSigned(by: test.authority.issuerKey) })
  }

  @Test func aPolicyNeedsItsSystems() throws {
    #expect(throws: RegistryError.unknownSystem(SystemID(9))) {
      try test.registry.allow(from: test.alpha, to: SystemID(9), through: nil, issuer: test.issuer)
    }
    #expect(try test.registry.policies(concerning: nil).isEmpty)
  }

  @Test func theEpochRisesAndEnds() throws {
    let statement = try test.registry.advanceEpoch(by: 5, issuer: test.issuer)
    #expect(statement.content.epoch == 6)
    #expect(try test.registry.state().epochStatement == statement)
    _ = try test.registry.advanceEpoch(by: .max - 6, issuer: test.issuer)
    #expect(try test.registry.state().lastEpoch == .max)
    #expect(throws: RegistryError.epochsExhausted) { try test.registry.advanceEpoch(by: 1, issuer: test.issuer) }
    #expect(try test.registry.state().epoch == .max)
  }
}
