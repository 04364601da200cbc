import { randomBytes } from 'node:crypto'

/**
 * Told of an error that is no caller's fault: `id` is that of the first, and with `last` errors like it have come since, whose ids go
 * on to that one.
 */
export type Complaint = (error: Error, about: { readonly id: string; readonly last?: string }) => void

/** Errors on their way to the log: alike ones twice a minute at most, so that a full disk does not fill the rest of it. */
export interface Complaints {
  /**
   * Tells of an error, or counts it; gives its own id, such as `3f2a9c1d-17`. The log has `3f2a9c1d-1` at once and, a minute later or at
   * the end, that those to `3f2a9c1d-40` were like it.
   */
  tell(error: Error): string
  /** Tells what was only counted so far. */
  flush(): void
}

const usualPause = 60_000
/** Kinds of errors that are told apart, in a minute; all beyond them are one more kind. */
const mostKinds = 100
const otherKinds = ''

interface Told {
  readonly error: Error
  readonly name: string
  count: number
}

export function createComplaints(complain: Complaint, everyMs = usualPause): Complaints {
  const told = new Map<string, Told>()
  const idOf = ({ name, count }: Told) => `${name}-${count}`

  /** A minute is over: what came since the first one is told, and the next one is a first one. */
  const end = (kind: string) => {
    const last = told.get(kind)
    told.delete(kind)
    if (last && last.count > 1) complain(last.error, { id: `${last.name}-1`, last: idOf(last) })
  }
  const begin = (kind: string, error: Error): string => {
    const first: Told = { error, name: randomBytes(4).toString('hex'), count: 1 }
    told.set(kind, first)
    complain(error, { id: idOf(first) })
    setTimeout(() => told.get(kind) === first && end(kind), everyMs).unref()
    return idOf(first)
  }

  return {
    tell(error) {
      const own = kindOf(error)
      const kind = told.has(own) || told.size < mostKinds ? own : otherKinds
      const before = told.get(kind)
      if (before === undefined) return begin(kind, error)
      before.count++
      return idOf(before)
    },
    flush() {
      for (const kind of [...told.keys()]) end(kind)
    },
  }
}

/** What errors that are alike have in common: all but their numbers. */
const kindOf = ({ name, message, code = name }: Error & { code?: string }): string =>
  `${code} ${message.slice(0, 200).replace(/\b\d+\b/g, '#')}`
