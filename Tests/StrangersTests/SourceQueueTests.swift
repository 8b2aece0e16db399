// SPDX-License-Identifier: Apache-2.0

import Strangers
import TestSeed
import Testing

@Suite("Sources share what is scarce")
struct SourceQueueTests {
  private func source(_ number: Int) -> SourceAddress { SourceAddress(parsing: "192.0.2.\(number)")! }

  /// The same by looking at everything each time.
  private struct Model {
    let share: (SourceAddress) -> Int
    /// From the oldest to the youngest.
    var elements: [(value: Int, source: SourceAddress)] = []
    var favoured: Set<Int> = []

    func index(of source: SourceAddress, isFavoured: Bool) -> Int? {
      elements.firstIndex { $0.source == source && favoured.contains($0.value) == isFavoured }
    }

    mutating func remove(at index: Int) -> Int {
      favoured.remove(elements[index].value)
      return elements.remove(at: index).value
    }

    func weight(_ source: SourceAddress, adding more: Int = 0) -> Int {
      let count = elements.count { $0.source == source } + more
      return (count + share(source) - 1) / share(source)
    }

    var heaviest: Int { Set(elements.map(\.source)).map { weight($0) }.max() ?? 0 }
    func isHeaviest(_ source: SourceAddress) -> Bool { weight(source) == heaviest }
  }

  @Test("does what a simple model does, whatever happens in whatever order")
  func model() {
    var generator = SeededGenerator(for: "fair queue")
    let share: (SourceAddress) -> Int = { $0 == SourceAddress(parsing: "192.0.2.1")! ? 3 : 1 }
    let queue = SourceQueue<Int>(share: share)
    var model = Model(share: share)
    var entries: [Int: SourceQueue<Int>.Entry] = [:]
    for value in 0..<6_000 {
      switch Int.random(in: 0..<10, using: &generator) {
      case 0..<5:
        let from = source(Int.random(in: 1...5, using: &generator))
        entries[value] = queue.append(value, from: from)
        model.elements.append((value, from))
      case 5:
        guard let any = model.elements.randomElement(using: &generator), let entry = entries[any.value] else {
          continue
        }
        #expect(queue.remove(entry) && !queue.remove(entry))
        _ = model.remove(at: model.elements.firstIndex { $0.value == any.value }!)
      case 6:
        guard let any = model.elements.randomElement(using: &generator), let entry = entries[any.value] else {
          continue
        }
        guard value > 3_000 else { continue }
        queue.favour(entry)
        _ = model.remove(at: model.elements.firstIndex { $0.value == any.value }!)
        model.elements.append(any)
        model.favoured.insert(any.value)
      case 7:
        guard let evicted = queue.evictOldest() else {
          #expect(model.elements.isEmpty)
          continue
        }
        #expect(model.isHeaviest(evicted.source))
        let favoured = model.elements.count { $0.source == evicted.source && model.favoured.contains($0.value) }
        let count = model.elements.count { $0.source == evicted.source }
        let first = model.index(of: evicted.source, isFavoured: favoured > count - favoured)!
        #expect(model.remove(at: first) == evicted.element)
      case 8:
        // Where none is favoured.
        let newcomer = source(Int.random(in: 1...6, using: &generator))
        guard model.favoured.isEmpty else { continue }
        guard let evicted = queue.evictYoungest(for: newcomer) else {
          #expect(model.weight(newcomer, adding: 1) >= model.heaviest)
          continue
        }
        let index = model.elements.lastIndex { $0.value == evicted }!
        let from = model.elements[index].source
        #expect(model.isHeaviest(from) && model.weight(newcomer, adding: 1) < model.heaviest)
        #expect(model.elements.lastIndex { $0.source == from } == index)
        _ = model.remove(at: index)
      default:
        guard model.favoured.isEmpty, let next = queue.popNext() else { continue }
        let index = model.elements.firstIndex { $0.value == next }!
        #expect(model.index(of: model.elements[index].source, isFavoured: false) == index)
        _ = model.remove(at: index)
      }
      #expect(queue.count == model.elements.count)
    }
    for number in 1...6 {
      #expect(queue.count(of: source(number)) == model.elements.count { $0.source == source(number) })
    }
  }

  @Test("Sources take turns, each with as many as its share")
  func turns() {
    let queue = SourceQueue<Int>(share: { $0 == SourceAddress(parsing: "192.0.2.2")! ? 2 : 1 })
    for value in 10..<14 { queue.append(value, from: source(1)) }
    for value in 20..<25 { queue.append(value, from: source(2)) }
    queue.append(30, from: source(3))
    var order: [Int] = []
    while let next = queue.popNext() { order.append(next) }
    #expect(order == [10, 20, 21, 30, 11, 22, 23, 12, 24, 13])
  }

  @Test("Whoever fills it makes room for the others and not for itself")
  func pressure() {
    let queue = SourceQueue<Int>()
    for value in 0..<2_060 { queue.append(value, from: source(1)) }
    // One after the other, the oldest of the one that has most.
    for value in 0..<1_000 {
      #expect(queue.evictOldest()?.element == value)
      queue.append(10_000 + value, from: source(2))
    }
    #expect(queue.count(of: source(1)) == 1_060 && queue.count(of: source(2)) == 1_000)
    #expect(queue.evictYoungest(for: source(1)) == nil)
    #expect(queue.evictYoungest(for: source(3)) == 2_059)
  }
}
