/** Somebody rests until the bell rings or the time is over. A bell that rang before counts for the next rest. */
export class Bell {
  #hasRung = false
  #wake: (() => void) | null = null

  ring(): void {
    this.#hasRung = true
    this.#wake?.()
  }

  async rest(ms: number): Promise<void> {
    if (!this.#hasRung)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    this.#wake = null
    this.#hasRung = false
  }
}
