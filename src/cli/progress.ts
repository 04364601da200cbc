/** One line on the terminal that says what is being done; nothing where output is not a terminal. */
export interface Progress {
  step(name: string): void
  /** Clears the line. */
  done(): void
}

/** A progress line on a stream, silent when `quiet` or when the stream is no terminal. */
export function progress(stream: NodeJS.WriteStream, quiet: boolean): Progress {
  if (quiet || !stream.isTTY) return { step: () => {}, done: () => {} }
  let shown = false
  return {
    step(name) {
      stream.write(`\r\x1b[Kfitting: ${name} ...`)
      shown = true
    },
    done() {
      if (shown) stream.write('\r\x1b[K')
      shown = false
    },
  }
}
