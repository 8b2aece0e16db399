// SPDX-License-Identifier: Apache-2.0

/// Elements that wait, separated by the source they came from, so that one source cannot crowd out the others.
///
/// All operations take constant time. Not safe for use by several threads at once.
public final class SourceQueue<Element> {
  /// The place of one element.
  public struct Entry {
    fileprivate let node: AgeList<Element>.Node
    fileprivate let flow: Flow
  }

  /// What waits of one source.
  fileprivate final class Flow {
    let source: SourceAddress
    let share: Int
    let elements = AgeList<Element>()
    let favoured = AgeList<Element>()
    var count = 0
    /// How many elements may still be taken before it is another source's turn.
    var turns = 0
    /// Its place among those of its weight, and among all.
    var weight: AgeList<Flow>.Node?
    var place: AgeList<Flow>.Node?

    init(_ source: SourceAddress, share: Int) {
      self.source = source
      self.share = share
    }

    /// How heavy `count` elements are for this source.
    func weight(of count: Int) -> Int { (count + share - 1) / share }
  }

  private let share: (SourceAddress) -> Int
  private var flows: [SourceAddress: Flow] = [:]
  /// Sources by their weight, and in the order in which it is their turn.
  private var weights: [AgeList<Flow>] = [AgeList()]
  private let turns = AgeList<Flow>()
  private var greatest = 0
  public private(set) var count = 0

  /// - Parameter share: how many elements of a source weigh as much as one of another; 1 or more.
  public init(share: @escaping (SourceAddress) -> Int = { _ in 1 }) {
    self.share = share
  }

  public func count(of source: SourceAddress) -> Int { flows[source]?.count ?? 0 }

  @discardableResult
  public func append(_ element: Element, from source: SourceAddress) -> Entry {
    let flow = flows[source] ?? Flow(source, share: max(1, share(source)))
    let node = AgeList<Element>.Node(element)
    flow.elements.append(node)
    if flow.count == 0 {
      flows[source] = flow
      flow.turns = flow.share
      let place = AgeList<Flow>.Node(flow)
      flow.place = place
      turns.append(place)
    }
    setCount(of: flow, flow.count + 1)
    return Entry(node: node, flow: flow)
  }

  /// Removes an element; false when it is no longer here.
  @discardableResult
  public func remove(_ entry: Entry) -> Bool {
    guard entry.node.isListed else { return false }
    remove(entry.node, of: entry.flow)
    return true
  }

  /// Makes an element the youngest of its source's favoured ones, which make room after the others. They do not take turns.
  public func favour(_ entry: Entry) {
    guard entry.node.isListed else { return }
    entry.node.list?.remove(entry.node)
    entry.flow.favoured.append(entry.node)
  }

  /// Removes the oldest element of the source with the most for its share: one that is not favoured, unless more than half are.
  public func evictOldest() -> (element: Element, source: SourceAddress)? {
    guard let flow = heaviest,
      let node = flow.favoured.count > flow.elements.count ? flow.favoured.first : flow.elements.first
    else { return nil }
    remove(node, of: flow)
    return (node.value, flow.source)
  }

  /// Removes the youngest element of the source with the most for its share, unless another element from `source` would make
  /// `source` as heavy.
  public func evictYoungest(for source: SourceAddress) -> Element? {
    guard let flow = heaviest, let node = flow.elements.last else { return nil }
    let own = flows[source] ?? Flow(source, share: max(1, share(source)))
    guard own.weight(of: own.count + 1) < greatest else { return nil }
    remove(node, of: flow)
    return node.value
  }

  /// Removes the oldest element of the source whose turn it is.
  public func popNext() -> Element? {
    guard let flow = turns.first?.value, let node = flow.elements.first else { return nil }
    flow.turns -= 1
    if flow.turns == 0, let place = flow.place {
      flow.turns = flow.share
      turns.remove(place)
      turns.append(place)
    }
    remove(node, of: flow)
    return node.value
  }

  private var heaviest: Flow? { weights[greatest].first?.value }

  private func remove(_ node: AgeList<Element>.Node, of flow: Flow) {
    node.list?.remove(node)
    setCount(of: flow, flow.count - 1)
    guard flow.count == 0 else { return }
    flows[flow.source] = nil
    if let place = flow.place { turns.remove(place) }
    flow.place = nil
  }

  /// Keeps the sources in order of weight; the count changes by one.
  private func setCount(of flow: Flow, _ newCount: Int) {
    let (old, new) = (flow.weight(of: flow.count), flow.weight(of: newCount))
    count += newCount - flow.count
    flow.count = newCount
    guard old != new else { return }
    if let node = flow.weight { weights[old].remove(node) }
    flow.weight = nil
    if new > 0 {
      if new == weights.count { weights.append(AgeList()) }
      let node = AgeList<Flow>.Node(flow)
      flow.weight = node
      weights[new].append(node)
      greatest = max(greatest, new)
    }
    while greatest > 0, weights[greatest].isEmpty { greatest -= 1 }
  }
}
