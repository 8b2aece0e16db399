// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Registry
import Wire

/// An application as a person names it: by its name, and its system where several have one of that name.
struct ApplicationArgument: ParsableArguments {
  @Argument(help: "The application's name.") var name: String

  @Option(name: .long, help: ArgumentHelp("Its system, by name or number.", valueName: "name"))
  var system: String?

  func find(_ registry: SQLiteRegistry) throws(Failure) -> RegisteredApplication {
    var within: SystemID?
    if let system { within = try registry.find(system: system).id }
    let all = try registering { () throws(RegistryError) in try registry.applications(in: within) }
    let found = all.filter { $0.name == name }
    guard let first = found.first else {
      throw Failure(.dataError, "there is no application \(name)", hint: "See: countersign application list")
    }
    guard found.count == 1 else {
      throw Failure(.usage, "several systems have an application \(name)", hint: "Say which: --system NAME.")
    }
    return first
  }
}
