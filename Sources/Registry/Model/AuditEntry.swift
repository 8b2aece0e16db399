// SPDX-License-Identifier: Apache-2.0

import Credentials
import Wire

/// One line of the record of who did what, written in the transaction that does it.
public struct AuditEntry: Equatable, Sendable {
  public enum Action: String, Sendable, CaseIterable {
    case initialize = "init"
    case systemAdd = "system.add"
    case systemImportKey = "system.import-key"
    case deviceAdd = "device.add"
    case deviceEnrolAgain = "device.enrol-again"
    case deviceRenew = "device.renew"
    case deviceStage = "device.stage"
    case devicePromote = "device.promote"
    case deviceRevoke = "device.revoke"
    case deviceFloor = "device.floor"
    case deviceRetire = "device.retire"
    case applicationAdd = "application.add"
    case applicationDefault = "application.default"
    case applicationKeep = "application.keep"
    case applicationRemove = "application.remove"
    case misissuance
    case deviceQuarantine = "device.quarantine"
    case deviceRelease = "device.release"
    case registryRestore = "registry.restore"
    case orderAdd = "order.add"
    case orderComplete = "order.complete"
    case policyAllow = "policy.allow"
    case policyDeny = "policy.deny"
    case epochAdvance = "epoch.advance"
  }

  public let sequence: Int64
  /// Seconds since 1970.
  public let at: Int64
  /// Which command or service did it.
  public let actor: String
  public let action: String
  public let system: SystemID?
  public let device: DeviceID?
  public let generation: Generation?
  public let detail: String?
}
