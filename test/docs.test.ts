import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { diagnosticTable } from '../src/core/diagnostic.ts'
import { errorTable } from '../src/core/errors.ts'
import { methodNames } from '../src/fit/methods.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (file: string) => readFileSync(join(root, file), 'utf8')

/** The cells of the rows `| \`code\` | ... |` under a heading. */
function tableUnder(text: string, heading: string): string[][] {
  const section = text.split(`## ${heading}`)[1].split('\n## ')[0]
  return [...section.matchAll(/^\| `([^`]+)` \| (.+) \|$/gm)].map(([, code, cells]) => [code, ...cells.split(' | ')])
}

test('docs/errors.md has the errors and the diagnostics of the code, no more and no less', () => {
  const text = read('docs/errors.md')
  const errors = Object.entries(errorTable).map(([code, { status, meaning }]) => [code, String(status ?? ''), meaning])
  assert.deepEqual(tableUnder(text, 'Errors'), errors)
  assert.deepEqual(tableUnder(text, 'Diagnostics'), Object.entries(diagnosticTable))
})

test('SECURITY.md says of every dependency what it may touch', () => {
  const { dependencies, peerDependencies } = JSON.parse(read('package.json'))
  const table = read('SECURITY.md').split('## What each dependency may touch')[1]
  const named = [...table.matchAll(/^\| (.*?) \|/gm)].flatMap(([, cell]) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name),
  )
  assert.deepEqual(named.sort(), Object.keys({ ...dependencies, ...peerDependencies }).sort())
})

test('every error of the table can happen', () => {
  const files = ['src', 'bin'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.[jt]s$/.test(file))
      .map((file) => read(join(folder, file))),
  )
  for (const code of Object.keys(errorTable))
    assert.ok(
      files.some((text) => new RegExp(`\\b${code}\\b(?!: \\{)`).test(text)),
      code,
    )
})

test('the README names every method, and its links and those of docs lead somewhere', () => {
  for (const method of methodNames) assert.ok(read('README.md').includes(`\`${method}\``), method)
  for (const file of [
    'README.md',
    'README.zh.md',
    'docs/learner.zh.md',
    'docs/instructor.zh.md',
    'ARCHITECTURE.md',
    'CHANGELOG.md',
    'SECURITY.md',
    'docs/math.md',
    'docs/errors.md',
    'docs/log.md',
    'docs/json.md',
    'docs/learner.md',
    'docs/pool.md',
    'docs/instructor.md',
    'docs/train-api.md',
    'docs/api.md',
    'docs/training.md',
    'docs/corpus.md',
    'docs/cluster.md',
    'data/README.md',
  ])
    for (const [, link] of read(file).matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g))
      if (!link.startsWith('http')) assert.ok(existsSync(join(root, dirname(file), link)), `${file} links to ${link}`)
})

test('every equation that the code cites is in docs/math.md', () => {
  const equations = new Set([...read('docs/math.md').matchAll(/\(E(\d+)\)/g)].map(([, number]) => number))
  for (const file of [
    'law/surface.ts',
    'law/frontier.ts',
    'fit/surface.ts',
    'fit/huber.ts',
    'fit/huber-pool.ts',
    'fit/frontier.ts',
    'fit/groups/analysis.ts',
    'fit/groups/compare.ts',
    'fit/groups/problem.ts',
    'fit/groups/replicas.ts',
    'fit/groups/resample.ts',
    'fit/groups/result.ts',
    'fit/groups/scatter.ts',
    'fit/groups/sharing.ts',
    'fit/groups/test.ts',
    'law/repeats.ts',
    'fit/repeats/draws.ts',
    'fit/repeats/fit.ts',
    'fit/repeats/late.ts',
    'fit/repeats/limit.ts',
    'fit/repeats/problem.ts',
    'fit/repeats/weights.ts',
    'plan/linear-design.ts',
    'plan/pool/choose.ts',
    'plan/pool/next.ts',
    'plan/pool/prediction.ts',
    'plan/pool/round.ts',
    'plan/pool/opening.ts',
    'plan/pool/prospect.ts',
  ])
    for (const [, number] of read(`src/${file}`).matchAll(/\(E(\d+)\)/g))
      assert.ok(equations.has(number), `${file} cites (E${number})`)
})
