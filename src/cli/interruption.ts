import { say } from './print.ts'

const signalNumbers = { SIGINT: 2, SIGTERM: 15 } as const

/** A wish that the work ends early. */
export interface Interruption {
  readonly signal: AbortSignal
  /** Stops listening; a later signal ends the process as usual. */
  end(): void
}

/**
 * Listens for Ctrl-C. The first signal asks for an end in good order, after which the status is 128 and the signal's number, whatever
 * is still written; the second ends the process at once.
 */
export function listenForSignals(says: string, again = 'the same again ends at once'): Interruption {
  const controller = new AbortController()
  const onSignal = (name: keyof typeof signalNumbers) => {
    process.exitCode = 128 + signalNumbers[name]
    if (controller.signal.aborted) process.exit()
    controller.abort()
    say(`\n${says}; ${again}`)
  }
  const names = Object.keys(signalNumbers) as (keyof typeof signalNumbers)[]
  for (const name of names) process.on(name, onSignal)
  return {
    signal: controller.signal,
    end() {
      for (const name of names) process.off(name, onSignal)
    },
  }
}
