import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { type ErrorCode, IsoflopError } from '../../src/core/errors.ts'
import { type Run, type Runs, runAt } from '../../src/core/run.ts'
import { planColumns } from '../../src/input/columns.ts'
import { type ReadOptions, type RunData, readRuns, type ToldColumns } from '../../src/input/read.ts'

const folder = mkdtempSync(join(tmpdir(), 'isoflop-input-'))
after(() => rmSync(folder, { recursive: true }))

/** Writes a file into this test file's own temporary folder; returns its path. */
export function write(name: string, content: string | Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

/** How columns of these names are read, by their names alone. */
export const planOf = (columns: readonly string[], told: ToldColumns = {}) =>
  planColumns({
    ...{ source: 'runs.csv', columns, told, sample: [], purpose: 'fit' },
    ...{ lossWord: null, groupBy: undefined, where: [] },
  })

/** Writes one file and reads it. */
export const readText = (content: string | Uint8Array, options?: ReadOptions, name = 'runs.csv'): Promise<RunData> =>
  readRuns([write(name, content)], options)

export const listOf = (runs: Runs): Run[] => Array.from({ length: runs.size }, (_, i) => runAt(runs, i))

/** [row, reason] of everything that was left out. */
export const reasons = (data: RunData): [number, string][] => data.excluded.map(({ row, reason }) => [row, reason])

/** What nothing may break: every row read is a run, an earlier checkpoint, or excluded. */
export function assertNothingLost(data: RunData): void {
  assert.equal(data.read, data.runs.size + data.checkpoints + data.excluded.length)
  assert.equal(
    data.read,
    data.sources.reduce((sum, { rows }) => sum + rows, 0),
  )
}

/** Awaits an error of this code whose message and advice match; returns it. */
export async function rejects(promise: Promise<unknown>, code: ErrorCode, ...patterns: RegExp[]): Promise<void> {
  await assert.rejects(promise, (error: unknown) => {
    assert.ok(error instanceof IsoflopError, String(error))
    assert.equal(error.code, code, error.message)
    for (const pattern of patterns) assert.match(`${error.message} ${error.advice}`, pattern)
    assert.ok(error.advice.length > 0)
    return true
  })
}
