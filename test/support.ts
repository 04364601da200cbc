import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { tokensFor } from '../src/core/flops.ts'
import type { Run, Runs } from '../src/core/run.ts'
import { runsOf, selectRuns } from '../src/core/run.ts'

/** Asserts that two numbers agree to a relative error. */
export function close(actual: number, expected: number, relative: number, what = 'value'): void {
  const error = Math.abs(actual - expected) / (Math.abs(expected) || 1)
  assert.ok(error <= relative, `${what}: ${actual} is not ${expected} to ${relative} (off by ${error})`)
}

/** A file of numbers that a script in scripts/reference made with NumPy and SciPy. */
export const reference = (name: string) =>
  JSON.parse(readFileSync(new URL(`./reference/${name}.json`, import.meta.url), 'utf8'))

/** The small data set from a known law that the reference scripts fitted too; with noise of 0.01 nats. */
export const knownLawRuns = (): Runs => runsOf(reference('known-law').runs as Run[])

/** Measured data of other people lies beside the repository where it may be used, and is not part of it. */
const sharedData = (name: string) => new URL(`../../shared/data/${name}`, import.meta.url)

/** For node:test's `skip`: false when the file is there, else why the test is skipped. */
export const needs = (name: string): false | string =>
  existsSync(sharedData(name)) ? false : `${name} is not on this machine`

export const readShared = (name: string): string => readFileSync(sharedData(name), 'utf8')

/** Chinchilla's 245 runs as read off the paper's figure, the five highest losses dropped as in its replication. */
export function chinchillaRuns(): Runs {
  const [header, ...lines] = readShared('chinchilla_svg_extracted.csv').trim().split('\n')
  const columns = header.split(',')
  const column = (row: string[], name: string) => Number(row[columns.indexOf(name)])
  const runs = lines
    .map((line) => line.split(','))
    .map((row) => {
      const parameters = column(row, 'Model Size')
      const flops = column(row, 'Training FLOP')
      return { parameters, flops, tokens: tokensFor(flops, parameters), loss: column(row, 'loss') }
    })
  return runsOf(runs.sort((p, q) => p.loss - q.loss).slice(0, runs.length - 5))
}

/** The runs in an order that is a fixed shuffle of theirs. */
export function shuffled(runs: Runs): Runs {
  const order = Array.from({ length: runs.size }, (_, i) => i)
  return selectRuns(
    runs,
    order.sort((i, j) => ((i * 7919) % 104729) - ((j * 7919) % 104729)),
  )
}

/** Every run twice. */
export const doubled = (runs: Runs): Runs =>
  selectRuns(
    runs,
    Array.from({ length: 2 * runs.size }, (_, i) => i % runs.size),
  )
