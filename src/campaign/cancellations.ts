import type { Config } from '../core/config.ts'
import { appendLine, wholeLines } from '../core/durable.ts'
import { readSummed, summed } from '../core/summed.ts'
import { cancelledRun, spentOf } from '../core/trainer.ts'
import type { Codec } from '../space/codec.ts'
import { writing } from './writing.ts'

type Cancelled = ReturnType<typeof cancelledRun>

/** Runs of a campaign that somebody cancelled, on disk: the same campaign later goes on without them, as it did then. */
export interface Cancellations {
  get(identity: string): Cancelled | undefined
  /** Errors: OUTPUT_FAILED. */
  add(config: Config, outcome: Cancelled): void
  /** FLOPs that they used. */
  readonly spent: number
}

/** Opens or begins the list in a file. A line that is not what was written is not believed: its run is then asked for again. Errors: OUTPUT_FAILED. */
export function openCancellations(file: string, codec: Codec): Cancellations {
  const known = new Map<string, { readonly config: Config; readonly outcome: Cancelled }>()
  for (const line of writing(file, () => wholeLines(file))) {
    const read = readSummed(line)
    const config = read.kind === 'whole' ? codec.configOf(read.record) : null
    if (config === null || read.kind !== 'whole') continue
    const outcome = cancelledRun(codec.folderName(config), Number(read.record.spent_flops) || 0)
    known.set(codec.identity(config), { config, outcome })
  }
  return {
    get: (identity) => known.get(identity)?.outcome,
    add(config, outcome) {
      const line = { ...codec.record(config), spent_flops: costOf(config, outcome) }
      writing(file, () => appendLine(file, summed(line)))
      known.set(codec.identity(config), { config, outcome })
    },
    get spent() {
      return [...known.values()].reduce((sum, { config, outcome }) => sum + costOf(config, outcome), 0)
    },
  }
}

const costOf = (config: Config, outcome: Cancelled): number => (outcome.kind === 'lost' ? spentOf(outcome, config) : 0)
