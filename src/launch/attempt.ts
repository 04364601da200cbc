import { tailOf } from '../core/text-in.ts'
import type { Outcome } from '../core/trainer.ts'
import type { RunFolder } from './run-folder.ts'

/** How an attempt to make a run ended. */
export type Attempt =
  | { readonly kind: 'made'; readonly outcome: Outcome }
  | { readonly kind: 'interrupted' }
  | { readonly kind: 'timed-out'; readonly reason: string }
  | Failed

export interface Failed {
  readonly kind: 'failed'
  /** In a line. */
  readonly reason: string
  /** The last lines of its log, ready to be put behind the reason. */
  readonly said: string
  /** It was told in time that its time ends, and ended by itself: it may have saved what it has, to go on. */
  readonly mayGoOn?: boolean
}

/** What is shown of a log: its end. */
const mostSaid = { bytes: 4096, lines: 12 } as const

/** The attempt of a program that left a result; null where it left none that can be taken. */
export function madeIn(place: RunFolder): (Attempt & { readonly kind: 'made' }) | null {
  const result = place.result()
  return result.kind === 'made' ? { kind: 'made', outcome: result.outcome } : null
}

/** The attempt of a program that ended without a result. `how` says how, where it left no status itself. */
export function failedIn(place: RunFolder, logFrom: number, how: string): Failed {
  const result = place.result()
  const ending = place.ending()
  const ended = ending === null ? how : `it ended with status ${ending.status}`
  const what = result.kind === 'invalid' ? `its result.json is not taken, ${result.reason}` : 'it left no result.json'
  const words = lastWords(tailOf(place.log, mostSaid.bytes, logFrom))
  return {
    kind: 'failed',
    reason: `${ended} and ${what}`,
    said: words === '' ? ', and said nothing.' : `. It said last:\n${words}\n `,
  }
}

/** The last lines of a log, none of them for ever. */
const lastWords = (text: string): string =>
  text
    .trimEnd()
    .split('\n')
    .slice(-mostSaid.lines)
    .map((line) => `    ${line.length > 300 ? `${line.slice(0, 297)}...` : line}`)
    .join('\n')
    .trimEnd()
