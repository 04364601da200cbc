import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readHead } from '../campaign/head.ts'
import type { Live } from '../campaign/live.ts'
import { type ViewedRun, viewedSpace } from '../campaign/view.ts'
import { runOf } from '../client/record.ts'
import { readSummed } from '../core/summed.ts'
import { apiSpace } from '../cs336/space.ts'
import { strategyNamed } from '../plan/strategies.ts'

/**
 * A campaign that tells nothing, as those of earlier versions: its runs, from the record alone, without a law. Null where there is none, or one in a space of
 * one's own, whose configurations only its file explains.
 */
export async function liveOfRecord(folder: string): Promise<Live | null> {
  const head = readHead(join(folder, 'campaign.json'), apiSpace)
  if (head === null || head.identity.space !== '') return null
  const { source, strategy, seed, budget, target } = head.identity
  const { words } = await strategyNamed(strategy as never)
  const given = head.given.map((run) => viewed(run, { round: -1, reason: 'was there before' }))
  const runs = [...given, ...answersIn(join(folder, 'campaign.jsonl'))]
  const view: Live['view'] = {
    task: { source, strategy, words, seed, budget, target },
    space: viewedSpace(apiSpace),
    spentFlops: runs.reduce((sum, { config }) => sum + config.trainFlops, 0),
    queries: runs.length - given.length,
    runs,
    ...{
      refused: [],
      lost: [],
      open: [],
      training: [],
      rounds: [],
      estimate: null,
      history: [],
      evidence: null,
      result: null,
    },
  }
  return { live: 1, state: 'running', view, capacity: 1, command: '' }
}

type Measured = NonNullable<ReturnType<typeof runOf>>

const viewed = ({ config, loss }: Measured, purpose: { round: number; reason: string }): ViewedRun => ({
  config,
  parameters: apiSpace.measure(config as never, 'none').core,
  loss: Number.isFinite(loss) ? loss : null,
  ...purpose,
  expected: null,
})

/** The runs of a record's lines that are what was written. */
function answersIn(file: string): ViewedRun[] {
  if (!existsSync(file)) return []
  return readFileSync(file, 'utf8')
    .split('\n')
    .slice(0, -1)
    .flatMap((line) => {
      const read = readSummed(line)
      const run = read.kind === 'damaged' ? null : runOf(read.record, apiSpace)
      if (run === null || read.kind === 'damaged') return []
      const { round, reason } = read.record
      return [viewed(run, { round: Number(round ?? 0), reason: String(reason ?? '') })]
    })
}
