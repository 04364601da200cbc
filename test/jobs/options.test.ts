import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const bin = fileURLToPath(new URL('../../bin/isoflop.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'isoflop-jobs-options-'))
after(() => rmSync(folder, { recursive: true }))

const nowhere = 'postgres://nobody@127.0.0.1:1/none'
const cases: readonly (readonly [line: string, says: RegExp])[] = [
  ['serve --db some.sqlite --backend workers --world seed:7', /workers needs a PostgreSQL/],
  [`worker --db some.sqlite --world seed:7`, /A worker needs the PostgreSQL/],
  [`worker --db ${nowhere}`, /came without --corpus, --run and --world/],
  [`worker --db ${nowhere} --world seed:7 --run true`, /more than one of/],
  [`worker --db ${nowhere} --run true`, /--run came without --program/],
  [`worker --db ${nowhere} --world seed:7 --program x`, /--program came without --run/],
  [`worker --db ${nowhere} --program x --run 'train {folder} {nothing}'`, /placeholder \{nothing\}/],
  [`worker --db ${nowhere} --world seed:7 --leg 24h`, /23 h at most/],
  [`worker --db ${nowhere} --world seed:7 --tags 'a b'`, /--tags is "a b"/],
  ['jobs --db some.sqlite', /this is none/],
  [`jobs retry nothing --db ${nowhere}`, /STORE_UNAVAILABLE/],
]

for (const [line, says] of cases)
  test(`isoflop ${line} is refused with a reason`, () => {
    const { status, stderr } = spawnSync('sh', ['-c', `'${process.execPath}' '${bin}' ${line}`], {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, DATABASE_URL: undefined },
    })
    assert.equal(status, 2, stderr)
    assert.match(stderr, says)
  })

test('serve takes one thing that workers make, and options of workers with them alone', () => {
  const run = (...args: readonly string[]) =>
    spawnSync(process.execPath, [bin, 'serve', '--port', '0', '--db', args[0], ...args.slice(1)], {
      cwd: folder,
      encoding: 'utf8',
    }).stderr
  assert.match(run(':memory:', '--tags', 'gpu'), /--tags came with --backend simulate/)
  assert.match(run(':memory:', '--worker-patience', '5s'), /10 s at least/)
})
