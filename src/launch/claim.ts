import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { writeWhole } from '../core/durable.ts'
import { textIn } from '../core/text-in.ts'

/** Whose turn it is in the folder of a run that several machines share: that of whoever claimed it last. */
export interface Claim {
  /** Aborted when another one has claimed the folder. */
  readonly lost: AbortSignal
  end(): void
}

/** How often to look whether another one has claimed a folder, ms. */
const lookEveryMs = 500

/**
 * Claims a folder from whoever has it: one that the queue has given up, because its machine was cut off, and whose program may run on. It sees the claim, where it still sees
 * the folder, and ends its program.
 */
export function claimFolder(folder: string): Claim {
  const file = join(folder, 'claim')
  const mine = `${randomUUID()}\n`
  writeWhole(file, mine)
  const lost = new AbortController()
  const looking = setInterval(() => {
    const read = textIn(file, mine.length)
    if (read.kind === 'text' && read.text !== mine) lost.abort()
  }, lookEveryMs)
  looking.unref()
  return { lost: lost.signal, end: () => clearInterval(looking) }
}
