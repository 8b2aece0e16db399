// SPDX-License-Identifier: Apache-2.0

/// A list in the order of arrival from which any element can be removed in constant time.
final class AgeList<Value> {
  final class Node {
    let value: Value
    fileprivate var next: Node?
    fileprivate unowned(unsafe) var previous: Node?
    fileprivate(set) unowned(unsafe) var list: AgeList?

    var isListed: Bool { list != nil }

    init(_ value: Value) { self.value = value }
  }

  private(set) var first: Node?
  private(set) unowned(unsafe) var last: Node?
  private(set) var count = 0

  var isEmpty: Bool { first == nil }

  func append(_ node: Node) {
    precondition(!node.isListed)
    node.list = self
    count += 1
    node.previous = last
    if let last { last.next = node } else { first = node }
    last = node
  }

  /// The node must be in this list.
  func remove(_ node: Node) {
    precondition(node.list === self)
    node.list = nil
    count -= 1
    let (previous, next) = (node.previous, node.next)
    node.previous = nil
    node.next = nil
    if let next { next.previous = previous } else { last = previous }
    if let previous { previous.next = next } else { first = next }
  }

  // One after the other: releasing a chain at its head would recurse as deep as the chain is long.
  deinit { while let node = first { remove(node) } }
}
