import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { after, before, describe, test } from 'node:test'
import type { Block } from './blocks.ts'
import { startDatabases, stopDatabases } from './database.ts'
import { blocksIn, isTranslated, pageFiles } from './files.ts'
import { pack } from './package.ts'
import { pages } from './pages.ts'
import { Walk } from './walk.ts'

/**
 * Every page of this repository is followed as it stands there: each command and each program of it, in a fresh folder, one page beside
 * others. `--test-name-pattern docs/learner.md` follows one.
 */

const python = (...args: string[]) => spawnSync('python3', args).status === 0
const hasPython = python('--version')
const hasRequests = hasPython && python('-c', 'import requests')

/** Why a page cannot be followed on this machine, else false. */
function whatLacks(blocks: readonly Block[]): string | false {
  if (process.platform === 'win32') return 'pages speak of a POSIX shell'
  if (!hasRequests && blocks.some(({ kind }) => kind === 'python')) return 'python3 with requests is not here'
  return !hasPython && blocks.some(({ text }) => /\bpython3? /.test(text)) && 'python3 is not here'
}

const packed = pack()
before(() =>
  startDatabases(pageFiles.filter((file) => blocksIn(file).some(({ text }) => text.includes('postgres://')))),
)
after(async () => {
  await stopDatabases()
  packed.remove()
})

describe('a page as it stands there', { concurrency: availableParallelism() }, () => {
  for (const file of pageFiles) {
    const blocks = blocksIn(file)
    if (isTranslated(file) || blocks.length === 0) continue // pages.test.ts holds the blocks of a translated page equal
    test(file, { skip: whatLacks(blocks) }, async () => {
      const page = pages[file]
      assert.ok(page, `${file} has blocks, and test/walk/pages.ts does not say where its reader is`)
      await (await Walk.of(page, packed)).follows(blocks)
    })
  }
})
