import { randomBytes } from 'node:crypto'

/**
 * Told of an error that is no caller's fault, and of its id; with `last`, of all errors like it since the last one that was told, whose
 * ids go from `id` to that one.
 */
export type Complaint = (error: Error, about: { readonly id: string; readonly last?: string }) => void

/** Errors on their way to the log: alike ones once a minute, so that a full disk does not fill the rest of it. */
export interface Complaints {
  /**
   * Tells of an error, or counts it; gives its own id, such as `3f2a9c1d-17`. The log has `3f2a9c1d-1` at once and, a minute later or at
   * the end, `3f2a9c1d-2 to 3f2a9c1d-40`.
   */
  tell(error: Error): string
  /** Tells what was only counted so far. */
  flush(): void
}

const usualPause = 60_000
/** Kinds of errors that are told apart, in a minute; all beyond them are one more kind. */
const mostKinds = 100
const otherKinds = ''

/** Errors of one kind: how many there were, and of how many the log was told. */
interface Kind {
  readonly name: string
  last: Error
  count: number
  told: number
}

export function createComplaints(complain: Complaint, everyMs = usualPause): Complaints {
  const kinds = new Map<string, Kind>()

  const tellOf = (kind: Kind) => {
    const { name, last, count, told } = kind
    if (count > told + 1) complain(last, { id: `${name}-${told + 1}`, last: `${name}-${count}` })
    else if (count > told) complain(last, { id: `${name}-${count}` })
    kind.told = count
  }
  /** Tells once a minute, until there was a minute without an error. */
  const watch = (key: string, kind: Kind) => {
    const look = () => {
      if (kind.count === kind.told) kinds.delete(key)
      else {
        tellOf(kind)
        watch(key, kind)
      }
    }
    setTimeout(look, everyMs).unref()
  }
  const begin = (key: string, error: Error): string => {
    const kind = { name: randomBytes(4).toString('hex'), last: error, count: 1, told: 0 }
    kinds.set(key, kind)
    tellOf(kind)
    watch(key, kind)
    return `${kind.name}-1`
  }

  return {
    tell(error) {
      const own = kindOf(error)
      const key = kinds.has(own) || kinds.size < mostKinds ? own : otherKinds
      const kind = kinds.get(key)
      if (kind === undefined) return begin(key, error)
      kind.last = error
      return `${kind.name}-${++kind.count}`
    },
    flush() {
      for (const kind of kinds.values()) tellOf(kind)
    },
  }
}

/** What errors that are alike have in common: all but their numbers. */
const kindOf = ({ name, message, code = name }: Error & { code?: string }): string =>
  `${code} ${message.slice(0, 200).replace(/\b\d+\b/g, '#')}`
