import { performance } from 'node:perf_hooks'
import { median } from '../../src/numeric/quantile.ts'

/** What is to be reached: the median below a value, or above it. */
export type Aim = { readonly below: number } | { readonly above: number }

/** One thing that was measured, once a round. */
export interface Measure {
  readonly what: string
  readonly unit: string
  readonly values: readonly number[]
  readonly aim?: Aim
}

/** A part of `npm run bench:cluster`: a file in this folder that exports `section`, named as the file is. */
export interface Section {
  readonly about: string
  /** Gives what it measured; why it cannot be measured here, as a text. */
  measure(options: SectionOptions): Promise<readonly Measure[] | string>
}

export interface SectionOptions {
  readonly rounds: number
  /** Worlds, where a section plays campaigns. */
  readonly worlds: number
  readonly say: (line: string) => void
}

/** How long work takes, ms. */
export async function timed(work: () => unknown): Promise<number> {
  const begun = performance.now()
  await work()
  return performance.now() - begun
}

/** What time of a processor work takes, ms: on a machine that others use it says more than a clock. */
export async function processorTime(work: () => unknown): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

/** A value of each round. */
export async function inRounds(rounds: number, once: (round: number) => Promise<number>): Promise<number[]> {
  const values: number[] = []
  for (let round = 0; round < rounds; round++) values.push(await once(round))
  return values
}

/** A measure as a line: median, range and whether it is where it should be. */
export function lineOf({ what, unit, values, aim }: Measure): string {
  const shown = (value: number) => `${Number(value.toPrecision(3))}`
  const middle = median(values)
  const range = values.length > 1 ? `${shown(Math.min(...values))} to ${shown(Math.max(...values))}` : ''
  return `  ${what.padEnd(62)} ${shown(middle).padStart(8)} ${unit.padEnd(8)} ${range.padEnd(20)} ${aim ? reached(middle, aim) : ''}`.trimEnd()
}

function reached(value: number, aim: Aim): string {
  const [isReached, words] =
    'below' in aim ? [value < aim.below, `below ${aim.below}`] : [value >= aim.above, `${aim.above}`]
  return `to reach ${words}: ${isReached ? 'reached' : 'MISSED'}`
}
