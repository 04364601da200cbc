import type { Ending } from '../launch/folder-trainer.ts'
import type { Words } from '../report/words/words.ts'
import { type Leading, say, sayLeading } from './print.ts'

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

/** What Ctrl-C asks for, one after the other, where programs make the runs. */
export class Stages {
  readonly #stop = new AbortController()
  readonly #save = new AbortController()
  readonly #kill = new AbortController()
  /** No more runs are begun. */
  readonly stop: AbortSignal = this.#stop.signal
  readonly ending: Ending = { save: this.#save.signal, kill: this.#kill.signal }
  #stage = 0

  /**
   * Listens for Ctrl-C: the first one begins no more runs, the second gives those that run SIGTERM, the third kills them, and a fourth ends this process at
   * once, as the second does where nothing runs. SIGTERM, which comes from somebody who will not wait for hours, stands for two.
   */
  listen(running: () => number, notices: StageWords, { lead, command }: Leading): Interruption {
    const onSignal = (name: keyof typeof signalNumbers) => {
      process.exitCode = 128 + signalNumbers[name]
      const runs = running()
      this.#stage = Math.max(this.#stage + 1, name === 'SIGTERM' ? 2 : 1)
      if (this.#stage > 3 || (this.#stop.signal.aborted && runs === 0)) process.exit()
      sayLeading({ lead: `${stageText(this.#stage, runs, notices)} ${lead}`, command })
      this.#stop.abort()
      if (this.#stage > 1) this.#save.abort()
      if (this.#stage > 2) this.#kill.abort()
    }
    const names = Object.keys(signalNumbers) as (keyof typeof signalNumbers)[]
    for (const name of names) process.on(name, onSignal)
    return {
      signal: this.stop,
      end() {
        for (const name of names) process.off(name, onSignal)
      },
    }
  }
}

type StageWords = Pick<Words['notices'], 'nothingRuns' | 'noMoreRuns' | 'saving' | 'killing'>

function stageText(stage: number, runs: number, words: StageWords): string {
  if (runs === 0) return words.nothingRuns
  return [words.noMoreRuns, words.saving, words.killing][stage - 1](runs)
}
