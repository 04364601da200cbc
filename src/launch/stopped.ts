import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { writeWhole } from '../core/durable.ts'
import { IsoflopError, outputFailed } from '../core/errors.ts'
import { readSummed, summed } from '../core/summed.ts'
import { textIn } from '../core/text-in.ts'

const mostBytes = 1 << 20

/** On record for calls to come that a program always failed: one from cron must not submit it again and again, as nobody may be there who reads. */
export class Stopped {
  readonly #file: string
  readonly #by: string
  #isForgotten = false

  /** `by` says what failed: another command is another program. */
  constructor(folder: string, by: string) {
    this.#file = join(folder, 'stopped.json')
    this.#by = by
  }

  /** Errors: OUTPUT_FAILED. */
  note(message: string): void {
    this.#isForgotten = false
    this.#writing(() => writeWhole(this.#file, `${summed({ by: this.#by, message }, 2)}\n`))
  }

  /** Errors: RUN_FAILED where the same command has always failed. A file that is not what was written stops nobody. */
  check(): void {
    const read = textIn(this.#file, mostBytes)
    const given = read.kind === 'text' ? readSummed(read.text) : null
    if (given?.kind !== 'whole' || given.record.by !== this.#by) return
    throw new IsoflopError(
      'RUN_FAILED',
      `Nothing is submitted since the program always failed: ${given.record.message}`,
      `Mend the program; then delete ${this.#file}, or begin once without --detach.`,
    )
  }

  /** Somebody is there. Errors: OUTPUT_FAILED. */
  forget(): void {
    if (this.#isForgotten) return
    this.#isForgotten = true
    this.#writing(() => rmSync(this.#file, { force: true }))
  }

  #writing(work: () => void): void {
    try {
      work()
    } catch (cause) {
      throw outputFailed(this.#file, cause, 'Make room, or name an --out that can be written to; what runs goes on.')
    }
  }
}
