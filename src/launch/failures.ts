import { IsoflopError } from '../core/errors.ts'

/** A run that left no result, however often it was tried. */
export interface Failure {
  readonly folder: string
  /** What it ended with, and its last words. */
  readonly words: string
  /** Puts it on record as lost. */
  readonly settle: () => void
  /** Has it tried again, as if it never had been. */
  readonly forget: () => void
}

/** So many configurations one after another, and none between them that succeeded, are the program's fault and not theirs. */
const mostInARow = 3

/**
 * Tells a program that always fails from single runs that do. What fails counts as lost at once, but is put on record so only when another run
 * succeeds: where the program itself was wrong, it is asked for again once that is mended.
 */
export class Failures {
  #open: Failure[] = []
  #stopped: IsoflopError | null = null

  /** Why no run is worth a try any more. */
  get stopped(): IsoflopError | null {
    return this.#stopped
  }

  /** @throws IsoflopError RUN_FAILED, with the program's words, when nothing but failures came. */
  failed(failure: Failure): void {
    // Of one configuration that is asked for again and again only the last counts: the others may be sound.
    this.#open = [...this.#open.filter(({ folder }) => folder !== failure.folder), failure]
    if (this.#open.length < mostInARow) return
    for (const { forget } of this.#open) forget()
    this.#stopped ??= new IsoflopError(
      'RUN_FAILED',
      `${this.#open.length} configurations failed one after another, and none came to a result. The last one, in ${failure.folder}: ${failure.words}`,
      'Mend the program or the command; the same command then goes on, and tries them again. Nothing was recorded of them.',
    )
    throw this.#stopped
  }

  succeeded(): void {
    for (const { settle } of this.#open) settle()
    this.#open = []
  }
}
