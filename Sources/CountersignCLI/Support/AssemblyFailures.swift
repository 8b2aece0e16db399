// SPDX-License-Identifier: Apache-2.0

import Assembly
import Files
import Registry

extension Failure {
  init(_ error: AssemblyError) {
    switch error {
    case .csv(let line, let problem):
      self.init(.dataError, "line \(line): \(problem.words)", hint: "Nothing was done. Correct the file and run again.")
    case .pem(let problem):
      self.init(.dataError, "not a PEM object: \(problem.words)")
    case .conflicts(let conflicts):
      let list = conflicts.prefix(5).map { "line \($0.line), device \($0.device): \($0.reason.words)" }
      let more = conflicts.count > 5 ? "; and more" : ""
      self.init(
        .dataError, list.joined(separator: "; ") + more,
        hint: "Nothing was done. Leave these rows out, or use the directory of the batch that made them.")
    case .directoryInUse(let path):
      self.init(.temporary, "another batch works on \(path)", hint: "Wait for it, or choose another directory.")
    case .file(let error):
      self.init(error)
    case .registry(let error):
      self.init(error)
    case .refused(let error):
      self.init(.software, "the new device refused its certificate: \(error)")
    }
  }
}

extension CSVProblem {
  var words: String {
    switch self {
    case .empty: "there is no header"
    case .invalidUTF8: "the text is not UTF-8"
    case .unterminatedQuote: "a quoted field does not end"
    case .strayQuote: "a quotation mark is not allowed here"
    case .wrongFieldCount(let expected, let actual): "\(actual) fields where the header has \(expected)"
    case .missingColumn(let name): "the header lacks the column \(name)"
    case .duplicateColumn(let name): "the header has the column \(name) twice"
    case .reservedColumn(let name): "the manifest has its own column \(name): give this one another name"
    case .invalidID(let text): "\"\(text.prefix(40))\" is not a device id: 16 hexadecimal digits"
    case .duplicateID(let text, let first): "device \(text) is also in line \(first)"
    case .invalidPublicKey: "the public key is not 64 hexadecimal digits"
    case .unexpectedPublicKey: "only certificates are issued for a public key that the device has made"
    case .duplicatePublicKey(let first): "the public key stands in line \(first) too"
    case .invalidSecretKey: "the secret key is not 64 hexadecimal digits"
    case .unexpectedSecretKey: "secret keys are taken with --scheme derived-key and derived-key-ephemeral"
    case .duplicateSecretKey(let first):
      "the secret key stands in line \(first) too: import it once, as the system's shared key"
    }
  }
}

extension PEMProblem {
  var words: String {
    switch self {
    case .noBegin: "there is no -----BEGIN line"
    case .noEnd: "the -----END line is missing or names something else"
    case .invalidBase64: "the text between is not base64"
    case .unknownLabel: "its label is not one of Countersign's"
    }
  }
}

extension BatchConflict.Reason {
  var words: String {
    switch self {
    case .registeredElsewhere: "registered already, and its file is not here"
    case .registeredWithAnotherKey: "registered already under another key"
    case .foreignFile: "a file is here, but the registry does not know the device"
    }
  }
}
