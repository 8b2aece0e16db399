// SPDX-License-Identifier: Apache-2.0

import Credentials
import GRDB
import Wire

extension SQLiteRegistry {
  public func addSystem(named name: String) throws(RegistryError) -> RegisteredSystem {
    guard RegisteredSystem.isValid(name: name) else { throw .invalidSystemName(name) }
    return try write { db, _ in
      guard try Self.system(named: name, db) == nil else { throw RegistryError.systemExists(name) }
      let id = try Self.number(ofNew: name, db)
      let at = now()
      try db.execute(
        sql: "INSERT INTO systems (id, name, created_at) VALUES (?, ?, ?)", arguments: [id.column, name, at])
      let system = RegisteredSystem(id: id, name: name, createdAt: at)
      try record(.systemAdd, db, system: system.id, detail: name)
      return system
    }
  }

  /// The number of a system that is about to be added: the lowest that is free. A name of digits alone reads as a number, so it
  /// must be that system's number.
  private static func number(ofNew name: String, _ db: Database) throws -> SystemID {
    guard name.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
      let lowest = try Int64.fetchOne(
        db,
        sql: """
          SELECT min(number) FROM (SELECT 1 AS number UNION ALL SELECT id + 1 FROM systems)
          WHERE number NOT IN (SELECT id FROM systems)
          """)
      guard let number = lowest.flatMap({ UInt32(exactly: $0) }) else { throw RegistryError.invalidSystemName(name) }
      return SystemID(number)
    }
    guard let number = UInt32(name), number > 0, "\(number)" == name else {
      throw RegistryError.invalidSystemName(name)
    }
    let taken = try String.fetchOne(db, sql: "SELECT name FROM systems WHERE id = ?", arguments: [number])
    guard taken == nil else { throw RegistryError.systemNumberTaken(SystemID(number)) }
    return SystemID(number)
  }

  public func systems() throws(RegistryError) -> [RegisteredSystem] {
    try read { db, _ in
      try Row.fetchAll(db, sql: "SELECT id, name, created_at FROM systems ORDER BY id").map(RegisteredSystem.init)
    }
  }

  public func system(named name: String) throws(RegistryError) -> RegisteredSystem? {
    try read { db, _ in try Self.system(named: name, db) }
  }

  private static func system(named name: String, _ db: Database) throws -> RegisteredSystem? {
    try Row.fetchOne(db, sql: "SELECT id, name, created_at FROM systems WHERE name = ?", arguments: [name])
      .map(RegisteredSystem.init)
  }

  /// Refuses a system that does not exist.
  func require(_ system: SystemID, _ db: Database) throws {
    let statement = try db.cachedStatement(sql: "SELECT 1 FROM systems WHERE id = ?")
    guard try Int.fetchOne(statement, arguments: [system.column]) != nil else {
      throw RegistryError.unknownSystem(system)
    }
  }
}

extension RegisteredSystem {
  fileprivate init(_ row: Row) {
    self.init(id: SystemID(row[0]), name: row[1], createdAt: row[2])
  }

  /// 1 to 64 characters of `a-z A-Z 0-9 . _ -`, the first a letter or a digit: a name is safe in a path and on a terminal.
  static func isValid(name: String) -> Bool {
    guard let first = name.utf8.first, name.utf8.count <= 64, isAlphanumeric(first) else { return false }
    return name.utf8.allSatisfy { isAlphanumeric($0) || ".-_".utf8.contains($0) }
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: false
    }
  }
}
