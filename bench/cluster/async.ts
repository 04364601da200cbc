import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AskedRun, openCampaign, type Told } from '../../src/campaign/study.ts'
import type { Config } from '../../src/core/config.ts'
import type { Strategy } from '../../src/plan/strategy.ts'
import type { Space } from '../../src/space/space.ts'
import { processorTime } from './section.ts'
import type { VirtualTime } from './virtual.ts'

/** What a study is told of a loss. */
export const toldOf = (loss: number): Told =>
  Number.isFinite(loss) ? { kind: 'finished', loss } : { kind: 'diverged' }

export interface AsyncOptions {
  readonly space: Space
  readonly seed?: number
  readonly strategy?: Strategy
  readonly budget?: number
  /** Runs at once. */
  readonly machines: number
  readonly time: VirtualTime
  readonly hoursOf: (run: AskedRun) => number
  readonly outcomeOf: (run: AskedRun) => Told
  /** Told what time of a processor each tell took. */
  readonly onTell?: (cpuMs: number) => void
}

/** A study whose runs so many machines make, each asking for the next one as soon as it is free. */
export async function playAsync({
  space,
  seed = 0,
  strategy,
  budget,
  machines,
  time,
  hoursOf,
  outcomeOf,
  onTell = () => {},
}: AsyncOptions) {
  const folder = mkdtempSync(join(tmpdir(), 'isoflop-bench-'))
  try {
    const study = await openCampaign<Config>({
      folder,
      space,
      seed,
      ...(strategy && { strategy }),
      ...(budget && { budget }),
    })
    const calls = { ask: 0, tell: 0, askMs: 0, tellMs: 0, slowestAskMs: 0 }
    let [free, runs, busyHours, most] = [machines, 0, 0, 0]
    const out = new Set<Promise<void>>()
    const make = async (run: AskedRun) => {
      const hours = hoursOf(run)
      busyHours += hours
      await time.rest(hours)
      const took = await processorTime(() => study.tell(run.id, outcomeOf(run)))
      calls.tell++
      calls.tellMs += took
      onTell(took)
      free++
    }
    for (;;) {
      let asked: readonly AskedRun[] = []
      const took = await processorTime(async () => {
        if (free > 0) asked = await study.ask(free)
      })
      calls.ask++
      calls.askMs += took
      calls.slowestAskMs = Math.max(calls.slowestAskMs, took)
      for (const run of asked) {
        free--
        runs++
        const made: Promise<void> = make(run).finally(() => out.delete(made))
        out.add(made)
      }
      most = Math.max(most, out.size)
      if (out.size === 0) break
      if (asked.length === 0 || free === 0) await Promise.race(out)
    }
    const { prediction, hours } = { prediction: await study.forecast(), hours: time.now }
    return { prediction, hours, runs, busyHours, most, calls }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
