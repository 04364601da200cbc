import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { writeWhole } from '../core/durable.ts'
import type { Cancelling, Control } from './campaign.ts'
import { type Wanted, type Wish, wishes } from './live.ts'
import { writing } from './writing.ts'

/**
 * What others want of a campaign: `control.json` in its folder, which any process may write and the campaign reads. That it is there at
 * all says that somebody has looked on.
 */
const controlFile = (folder: string): string => join(folder, 'control.json')

/** How often a campaign that pauses looks whether it may go on, and one whose runs are out whether they are still wanted, ms. */
const lookMs = 200
/** So many cancelled runs are kept there, and names no longer than this. */
const most = { cancelled: 1000, name: 400 } as const

/** What is wanted of the campaign in a folder; null where nobody ever looked on. A file that says nothing sound wants nothing. */
export function wantedIn(folder: string): Wanted | null {
  let text: string
  try {
    text = readFileSync(controlFile(folder), 'utf8')
  } catch {
    return null
  }
  try {
    const { wish, cancel } = JSON.parse(text) as { wish?: unknown; cancel?: unknown }
    return { wish: wishes.find((one) => one === wish) ?? 'go', cancel: Array.isArray(cancel) ? names(cancel) : [] }
  } catch {
    return { wish: 'go', cancel: [] }
  }
}

const names = (list: readonly unknown[]): string[] =>
  list.filter((name) => typeof name === 'string' && name.length <= most.name).slice(-most.cancelled) as string[]

export const wishIn = (folder: string): Wish | null => wantedIn(folder)?.wish ?? null

function want(folder: string, changed: Partial<Wanted>): void {
  const file = controlFile(folder)
  const { wish = 'go', cancel = [] } = { ...wantedIn(folder), ...changed }
  writing(file, () => writeWhole(file, `${JSON.stringify({ wish, ...(cancel.length > 0 && { cancel }) })}\n`))
}

/** Says what is wanted of the campaign in a folder. Errors: OUTPUT_FAILED. */
export const wish = (folder: string, wanted: Wish): void => want(folder, { wish: wanted })

/** Says that a run is not wanted any more. Errors: OUTPUT_FAILED. */
export function cancel(folder: string, id: string): void {
  const before = wantedIn(folder)?.cancel ?? []
  if (!before.includes(id)) want(folder, { cancel: names([...before, id]) })
}

/** What was cancelled in another campaign is wanted in the next one. Errors: OUTPUT_FAILED. */
export function forgetCancelled(folder: string): void {
  if ((wantedIn(folder)?.cancel ?? []).length > 0) want(folder, { cancel: [] })
}

/** The control of a campaign by its folder, `onChange` being told when it begins or ends to pause. What was wanted of an earlier process is over. */
export function controlIn(folder: string, onChange: () => void = () => {}): Control {
  const before = wishIn(folder)
  let isFresh = before !== null && before !== 'go'
  return {
    async mayBegin(signal) {
      // Not before the first run: until then another process may have the folder.
      if (isFresh) wish(folder, 'go')
      isFresh = false
      if (wishIn(folder) !== 'pause') return
      onChange()
      while (wishIn(folder) === 'pause' && signal?.aborted !== true) await pause(lookMs)
      onChange()
    },
    endsAfterRound: () => wishIn(folder) === 'stop',
    cancelling: cancellingIn(folder),
  }
}

/** Looks whether runs that are out are still wanted, for as long as there are any. */
function cancellingIn(folder: string): (id: string) => Cancelling {
  const out = new Map<string, AbortController>()
  let timer: NodeJS.Timeout | null = null
  const look = () => {
    for (const id of wantedIn(folder)?.cancel ?? []) out.get(id)?.abort()
  }
  return (id) => {
    const controller = new AbortController()
    out.set(id, controller)
    look()
    timer ??= setInterval(look, lookMs).unref()
    return {
      signal: controller.signal,
      over() {
        out.delete(id)
        if (out.size > 0 || timer === null) return
        clearInterval(timer)
        timer = null
      },
    }
  }
}
