/** A binary heap: whatever comes before everything else is popped first. */
export class Heap<Item> {
  readonly #items: Item[] = []
  readonly #isBefore: (p: Item, q: Item) => boolean

  constructor(isBefore: (p: Item, q: Item) => boolean) {
    this.#isBefore = isBefore
  }

  push(item: Item): void {
    const items = this.#items
    let place = items.length
    while (place > 0) {
      const parent = (place - 1) >> 1
      if (!this.#isBefore(item, items[parent])) break
      items[place] = items[parent]
      place = parent
    }
    items[place] = item
  }

  pop(): Item | undefined {
    const items = this.#items
    const first = items[0]
    const last = items.pop()
    if (items.length > 0) this.#sink(last as Item)
    return first
  }

  /** Puts an item in the place of the first one, and lets it sink to its own. */
  #sink(item: Item): void {
    const items = this.#items
    let place = 0
    for (;;) {
      let child = 2 * place + 1
      if (child >= items.length) break
      if (child + 1 < items.length && this.#isBefore(items[child + 1], items[child])) child++
      if (!this.#isBefore(items[child], item)) break
      items[place] = items[child]
      place = child
    }
    items[place] = item
  }
}
