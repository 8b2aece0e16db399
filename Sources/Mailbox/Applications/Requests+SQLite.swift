// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import Wire

/// Requests that wait for devices, and notices that messages are done.
extension SQLiteMailTransaction {
  func store(_ request: WaitingRequest) throws(MailboxError) {
    try using {
      let statement = try db.cachedStatement(
        sql: """
          INSERT INTO requests (application_system, application_device, system, device, request, channel, flags, instance,
            counter, deadline, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
          """)
      try statement.execute(
        arguments: request.application.columns + request.device.columns + [
          Int64(bitPattern: request.id), Int64(bitPattern: request.channel), Int(request.flags), request.instance,
          Int64(bitPattern: request.counter), request.deadline, request.body,
        ])
    }
  }

  func removeRequest(_ id: UInt64, of application: DeviceAddress) throws(MailboxError) {
    try using {
      let statement = try db.cachedStatement(
        sql: "DELETE FROM requests WHERE application_system = ? AND application_device = ? AND request = ?")
      try statement.execute(arguments: application.columns + [Int64(bitPattern: id)])
    }
  }

  func markExpired(_ id: UInt64, of application: DeviceAddress, at now: Int64) throws(MailboxError) {
    try using {
      let statement = try db.cachedStatement(
        sql: """
          UPDATE requests SET body = NULL, deadline = ?
          WHERE application_system = ? AND application_device = ? AND request = ?
          """)
      try statement.execute(arguments: [now] + application.columns + [Int64(bitPattern: id)])
    }
  }

  func note(done id: MessageID, for device: DeviceAddress, at now: Int64) throws(MailboxError) {
    try using {
      let insert = try db.cachedStatement(
        sql: "INSERT INTO notices (system, device, message_id, expires_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING")
      try insert.execute(
        arguments: device.columns + [Int64(bitPattern: id.rawValue), now + limits.queue.lifetime])
      let surplus = try db.cachedStatement(
        sql: """
          DELETE FROM notices WHERE sequence IN (SELECT sequence FROM notices WHERE system = ? AND device = ?
            ORDER BY sequence DESC LIMIT -1 OFFSET ?)
          """)
      try surplus.execute(arguments: device.columns + [limits.queue.noticesPerDevice])
    }
  }

  func takeNotices(for device: DeviceAddress) throws(MailboxError) -> [MessageID] {
    try using {
      let select = try db.cachedStatement(
        sql: "SELECT message_id FROM notices WHERE system = ? AND device = ? ORDER BY sequence")
      let ids = try Int64.fetchAll(select, arguments: device.columns).map { MessageID(UInt64(bitPattern: $0)) }
      guard !ids.isEmpty else { return [] }
      let delete = try db.cachedStatement(sql: "DELETE FROM notices WHERE system = ? AND device = ?")
      try delete.execute(arguments: device.columns)
      return ids
    }
  }
}

extension SQLiteMailbox {
  private static let columns = """
    application_system, application_device, system, device, request, channel, flags, instance, counter, deadline
    """

  package func requests(for device: DeviceAddress) throws(MailboxError) -> [WaitingRequest] {
    try using { db in
      let statement = try db.cachedStatement(
        sql: """
          SELECT \(Self.columns), body FROM requests WHERE system = ? AND device = ? AND body IS NOT NULL ORDER BY sequence
          """)
      return try Row.fetchAll(statement, arguments: device.columns).map { WaitingRequest($0, body: $0[10]) }
    }
  }

  package func requestList() throws(MailboxError) -> (waiting: [WaitingRequest], expired: [WaitingRequest]) {
    try using { db in
      func list(_ condition: String) throws -> [WaitingRequest] {
        try Row.fetchAll(db, sql: "SELECT \(Self.columns) FROM requests WHERE body IS \(condition) ORDER BY sequence")
          .map { WaitingRequest($0, body: Data()) }
      }
      return (try list("NOT NULL"), try list("NULL"))
    }
  }
}

extension WaitingRequest {
  fileprivate init(_ row: Row, body: Data) {
    self.init(
      application: DeviceAddress(system: SystemID(row[0]), device: DeviceID(UInt64(bitPattern: row[1]))),
      device: DeviceAddress(system: SystemID(row[2]), device: DeviceID(UInt64(bitPattern: row[3]))),
      id: UInt64(bitPattern: row[4]), channel: UInt64(bitPattern: row[5]), flags: row[6], instance: row[7],
      counter: UInt64(bitPattern: row[8]), deadline: row[9], body: body)
  }
}
