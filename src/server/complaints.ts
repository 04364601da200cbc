import { randomBytes } from 'node:crypto'
import type { Clock } from '../core/clock.ts'

/** Told of an error that is no caller's fault; `more` have been like it since the last one that was told. */
export type Complaint = (error: Error, about: { readonly id: string; readonly more: number }) => void

/** Errors on their way to the log: alike ones once a minute, so that a full disk does not fill the rest of it. */
export interface Complaints {
  /** Tells of an error, or counts it; gives the id under which the log has it or one that is like it. */
  tell(error: Error): string
}

const everyMs = 60_000
/** Kinds of errors that are told apart, in a minute; beyond them nothing is told. */
const mostKinds = 100

interface Told {
  readonly at: number
  readonly id: string
  more: number
}

export function createComplaints(clock: Clock, complain: Complaint): Complaints {
  const told = new Map<string, Told>()
  const makeRoom = (now: number) => {
    for (const [kind, { at, more }] of told) if (now - at >= everyMs && more === 0) told.delete(kind)
  }
  return {
    tell(error) {
      const now = clock.now()
      const kind = kindOf(error)
      const last = told.get(kind)
      if (last !== undefined && Math.abs(now - last.at) < everyMs) {
        last.more++
        return last.id
      }
      if (told.size >= mostKinds) makeRoom(now)
      const id = randomBytes(4).toString('hex')
      if (last === undefined && told.size >= mostKinds) return id
      told.set(kind, { at: now, id, more: 0 })
      complain(error, { id, more: last?.more ?? 0 })
      return id
    },
  }
}

/** What errors that are alike have in common: all but their numbers. */
const kindOf = ({ name, message, code = name }: Error & { code?: string }): string =>
  `${code} ${message.slice(0, 200).replace(/\b\d+\b/g, '#')}`
