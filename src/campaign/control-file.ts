import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { writeWhole } from '../core/durable.ts'
import type { Control } from './campaign.ts'
import { type Wish, wishes } from './live.ts'
import { writing } from './writing.ts'

/**
 * What others want of a campaign: `control.json` in its folder, which any process may write and the campaign reads. That it is there at
 * all says that somebody has looked on.
 */
const controlFile = (folder: string): string => join(folder, 'control.json')

/** How often a campaign that pauses looks whether it may go on, ms. */
const lookMs = 200

/** What is wanted of the campaign in a folder; null where nobody ever looked on. A file that says nothing sound wants nothing. */
export function wishIn(folder: string): Wish | null {
  let text: string
  try {
    text = readFileSync(controlFile(folder), 'utf8')
  } catch {
    return null
  }
  try {
    const { wish } = JSON.parse(text) as { wish?: unknown }
    return wishes.find((one) => one === wish) ?? 'go'
  } catch {
    return 'go'
  }
}

/** Says what is wanted of the campaign in a folder. Errors: OUTPUT_FAILED. */
export function wish(folder: string, wanted: Wish): void {
  const file = controlFile(folder)
  writing(file, () => writeWhole(file, `${JSON.stringify({ wish: wanted })}\n`))
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
  }
}
