// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A file of vectors and the shape it was recognised by.
struct VectorFile {
  enum Shape: String {
    case sessions = "sessions"
    case negative = "negative"
    case transport = "transport"
    case primitives = "primitives"
  }

  let name: String
  let shape: Shape
  let root: VectorObject
  /// Where transport messages start: with the initiator (flynn/noise) or with whoever's turn it is (all others).
  var transportStartsWithInitiator = false
}

/// The folders that the vector tests read.
enum VectorFolders {
  static let packageRoot = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
  static let own = packageRoot.appending(path: "Tests/Vectors/noise")
  static let shared = packageRoot.appending(path: "../shared/vectors").standardized

  /// COUNTERSIGN_VECTORS, or the project's own set and the shared one where it is present.
  static var toRead: [URL] {
    if let chosen = ProcessInfo.processInfo.environment["COUNTERSIGN_VECTORS"], !chosen.isEmpty {
      return [URL(fileURLWithPath: chosen)]
    }
    return [own, shared]
  }

  /// Every file of a folder that holds vectors. The others, and an absent shared folder, are said aloud; any other absent
  /// folder is an error.
  static func files(of folder: URL) throws -> [VectorFile] {
    guard folder != shared || FileManager.default.fileExists(atPath: folder.path) else {
      print("vectors: skipped \(folder.path): no such folder")
      return []
    }
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    var files: [VectorFile] = []
    for name in names {
      let url = folder.appending(path: name)
      var isDirectory: ObjCBool = false
      guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory), !isDirectory.boolValue else {
        continue
      }
      if let file = recognise(name, try Data(contentsOf: url)) {
        files.append(file)
      } else {
        print("vectors: skipped \(name): neither JSON vectors nor key=value lines")
      }
    }
    return files
  }

  static func recognise(_ name: String, _ data: Data) -> VectorFile? {
    let text = String(decoding: data, as: UTF8.self)
    if let vectors = LineVectors.parse(text) {
      return VectorFile(
        name: name, shape: .sessions, root: VectorObject(fields: ["vectors": vectors]),
        transportStartsWithInitiator: true)
    }
    guard let json = try? JSONSerialization.jsonObject(with: data) else { return nil }
    if let list = json as? [[String: Any]] {
      return VectorFile(name: name, shape: .sessions, root: VectorObject(fields: ["vectors": list]))
    }
    guard let fields = json as? [String: Any] else { return nil }
    let root = VectorObject(fields: fields)
    if root["arrivals"] != nil { return VectorFile(name: name, shape: .transport, root: root) }
    if root["hkdf"] != nil { return VectorFile(name: name, shape: .primitives, root: root) }
    let vectors = root.objects("vectors")
    guard vectors.contains(where: { $0["messages"] != nil }) else { return nil }
    let isNegative = vectors.contains { $0["cases"] != nil }
    return VectorFile(name: name, shape: isNegative ? .negative : .sessions, root: root)
  }
}
