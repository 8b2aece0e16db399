// SPDX-License-Identifier: Apache-2.0

/// Who exists, with which key, generation and status. SQLite is one engine; another can take the same roles.
///
/// Every change is one transaction that also writes its audit row: after an error, or a crash, it has happened entirely or
/// not at all. Calls block; they may come from any thread. Reads see every committed change, also of other processes.
public protocol DeviceRegistry: EnrolmentRegistry, AdmissionRegistry, RenewalRegistry, StatementRegistry, OwnersRegistry
{}
