// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import Wire

/// Channels: their openings are kept for as long as a message under them waits, and the latest of each device for a lifetime.
extension SQLiteMailTransaction {
  func keep(_ channel: DeviceChannel, at now: Int64) throws(MailboxError) -> Bool {
    try using {
      let pair = channel.application.columns + channel.device.columns
      guard try row(of: channel.id, of: channel.device, to: channel.application) == nil else { return true }
      // The device keeps the one before until the requests under it have expired.
      let unused = try db.cachedStatement(
        sql: """
          DELETE FROM channels WHERE application_system = ? AND application_device = ? AND system = ? AND device = ?
            AND id NOT IN (SELECT id FROM channels WHERE application_system = ? AND application_device = ? AND system = ?
              AND device = ? ORDER BY id DESC LIMIT 1)
            AND NOT EXISTS (SELECT 1 FROM queue WHERE queue.channel = channels.id AND queue.body IS NOT NULL)
          """)
      try unused.execute(arguments: pair + pair)
      let count = try db.cachedStatement(
        sql: """
          SELECT count(*) FROM channels WHERE application_system = ? AND application_device = ? AND system = ?
            AND device = ?
          """)
      guard try Int.fetchOne(count, arguments: pair) ?? 0 < limits.queue.channelsPerDevice else { return false }
      let insert = try db.cachedStatement(
        sql: """
          INSERT INTO channels (application_system, application_device, system, device, channel, generation, opening,
            expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
          """)
      try insert.execute(
        arguments: pair + [
          Int64(bitPattern: channel.id), Int(channel.generation), channel.opening, now + limits.queue.lifetime,
        ])
      return true
    }
  }

  func hasChannel(
    _ id: UInt64, of device: DeviceAddress, to application: DeviceAddress
  ) throws(MailboxError) -> Bool {
    try using { try row(of: id, of: device, to: application) != nil }
  }

  func row(of channel: UInt64, of device: DeviceAddress, to application: DeviceAddress) throws -> Int64? {
    let statement = try db.cachedStatement(
      sql: """
        SELECT id FROM channels WHERE application_system = ? AND application_device = ? AND system = ? AND device = ?
          AND channel = ?
        """)
    return try Int64.fetchOne(
      statement, arguments: application.columns + device.columns + [Int64(bitPattern: channel)])
  }
}

extension SQLiteMailbox {
  private static let columns = "application_system, application_device, system, device, channel, generation, opening"

  package func channel(row: Int64) throws(MailboxError) -> DeviceChannel? {
    try using { db in
      let statement = try db.cachedStatement(sql: "SELECT \(Self.columns) FROM channels WHERE id = ?")
      return try Row.fetchOne(statement, arguments: [row]).map(DeviceChannel.init)
    }
  }

  package func latestChannel(
    of device: DeviceAddress, to application: DeviceAddress
  ) throws(MailboxError) -> DeviceChannel? {
    try using { db in
      let statement = try db.cachedStatement(
        sql: """
          SELECT \(Self.columns) FROM channels WHERE application_system = ? AND application_device = ? AND system = ?
            AND device = ? ORDER BY id DESC LIMIT 1
          """)
      return try Row.fetchOne(statement, arguments: application.columns + device.columns).map(DeviceChannel.init)
    }
  }

  package func hasChannels(
    to application: DeviceAddress, before generation: Generation
  ) throws(MailboxError) -> Bool {
    try using { db in
      let statement = try db.cachedStatement(
        sql: """
          SELECT 1 FROM channels WHERE application_system = ? AND application_device = ? AND generation < ? LIMIT 1
          """)
      return try Int.fetchOne(statement, arguments: application.columns + [Int(generation)]) != nil
    }
  }
}

extension DeviceChannel {
  fileprivate init(_ row: Row) {
    self.init(
      application: DeviceAddress(system: SystemID(row[0]), device: DeviceID(UInt64(bitPattern: row[1]))),
      device: DeviceAddress(system: SystemID(row[2]), device: DeviceID(UInt64(bitPattern: row[3]))),
      id: UInt64(bitPattern: row[4]), generation: row[5], opening: row[6])
  }
}
