// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The matrix as one page that needs no network.
extension Matrix {
  public func html() throws -> String {
    // Evidence is whatever an attack met: nothing in the data may end the script element.
    let data = try json().replacingOccurrences(of: "<", with: "\\u003c")
    return String(decoding: PackageResources.matrix_html, as: UTF8.self)
      .replacingOccurrences(of: "/*DATA*/", with: data)
  }
}
