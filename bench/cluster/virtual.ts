/**
 * Machines in virtual time: whoever waits for a run waits until everybody else waits, too, and then the clock goes to the next end. Planning takes no
 * virtual time.
 */
export class VirtualTime {
  #now = 0
  readonly #ends: { readonly at: number; readonly order: number; readonly resolve: () => void }[] = []
  #order = 0
  #isTicking = false

  get now(): number {
    return this.#now
  }

  /** Resolves when so much time has gone by. */
  rest(time: number): Promise<void> {
    return new Promise((resolve) => {
      this.#ends.push({ at: this.#now + time, order: this.#order++, resolve })
      this.#tick()
    })
  }

  #tick(): void {
    if (this.#isTicking) return
    this.#isTicking = true
    setImmediate(() => {
      this.#isTicking = false
      const next = this.#ends.sort((a, b) => a.at - b.at || a.order - b.order).shift()
      if (next === undefined) return
      this.#now = next.at
      next.resolve()
      if (this.#ends.length > 0) this.#tick()
    })
  }
}
