import Foundation
import Seeded

// FixtureGenerator DIRECTORY: makes a fleet whose files the tests open for ever after. See ../README.md.
//
// The keys follow from a seed. The times in the registry and what depends on the order of the server's threads do not.
guard CommandLine.arguments.count == 2 else {
  FileHandle.standardError.write(Data("usage: FixtureGenerator DIRECTORY\n".utf8))
  exit(64)
}
seeded_random(0x0C5F_1E55)
do {
  let fleet = try await OldFleet(at: CommandLine.arguments[1])
  try await fleet.make()
} catch {
  FileHandle.standardError.write(Data("\(error)\n".utf8))
  exit(1)
}
