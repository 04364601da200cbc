import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { spaceOfDocument } from '../../src/space/file.ts'
import { postgresOfFile } from '../server/postgres.ts'

/** A pool of workers that make runs of an engineer's own space, as processes that people start. */

const bin = fileURLToPath(new URL('../../bin/isoflop.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'isoflop-space-'))
const document = {
  name: 'tiny',
  shapes: { d_model: { from: 64, to: 1024 }, num_layers: { from: 2, to: 16 }, gated: true },
  ...{ vocabulary: 8192, context: 256, batch: { unit: 'tokens', sizes: [8192, 16384] } },
  learning_rate: { from: 1e-4, to: 1e-2 },
  ...{ train_flops: [1e15, 3e15, 1e16, 3e16, 1e17], budget: 6e17, target: { flops: 1e18 } },
  constants: { data: 'web', seed: 1 },
}
const space = spaceOfDocument(document, 'tiny')
const write = (name: string, content: object) => writeFileSync(join(folder, name), JSON.stringify(content))
write('space.json', document)
write('other.json', { ...document, vocabulary: 4096 })
// A loss by the law of Chinchilla, of what the program was told alone: environment, placeholders and config.json.
writeFileSync(
  join(folder, 'train.mjs'),
  `import { readFileSync, renameSync, writeFileSync } from 'node:fs'
const [, , folder, width] = process.argv
const config = JSON.parse(readFileSync(folder + '/config.json', 'utf8'))
const told = { d_model: config.d_model, tokens: config.tokens, parameters: config.parameters, data: config.constants.data }
for (const [name, value] of Object.entries(told)) {
  const given = process.env['ISOFLOP_' + name.toUpperCase()]
  if (given !== String(value)) throw new Error(name + ' is ' + given + ', not ' + value)
}
if (width !== String(config.d_model)) throw new Error('placeholder')
const loss = 1.8 + 150 * config.parameters ** -0.34 + 400 * config.tokens ** -0.3 + 0.02 * Math.log(config.learning_rate / 2e-3) ** 2
writeFileSync(folder + '/result.tmp', JSON.stringify({ loss }))
renameSync(folder + '/result.tmp', folder + '/result.json')
`,
)

const running = new Set<ChildProcess>()
after(() => {
  for (const child of running) child.kill('SIGKILL')
  rmSync(folder, { recursive: true })
})
const postgres = postgresOfFile()

interface Started {
  readonly child: ChildProcess
  readonly printed: () => string
  /** Resolves when it has printed this, with what stands in the first group. */
  said(words: RegExp): Promise<string>
  readonly ended: Promise<{ status: number | null; printed: string }>
}

function isoflop(args: readonly string[], key?: string): Started {
  const { ISOFLOP_API_KEY: _, ...env } = process.env
  const child = spawn(process.execPath, [bin, ...args], {
    cwd: folder,
    env: { ...env, ...(key !== undefined && { ISOFLOP_API_KEY: key }) },
  })
  running.add(child)
  let printed = ''
  const lookers = new Set<() => void>()
  const look = (chunk: Buffer) => {
    printed += chunk
    for (const one of lookers) one()
  }
  child.stdout.on('data', look)
  child.stderr.on('data', look)
  const ended = new Promise<{ status: number | null; printed: string }>((resolve) =>
    child.on('close', (status) => {
      running.delete(child)
      resolve({ status, printed })
    }),
  )
  const said = (words: RegExp) =>
    new Promise<string>((resolve, reject) => {
      const one = () => {
        const found = words.exec(printed)
        if (found) resolve(found[1] ?? '')
      }
      lookers.add(one)
      void ended.then(() => reject(new Error(`it ended without saying ${words}: ${printed}`)))
      one()
    })
  return { child, printed: () => printed, said, ended }
}

async function stop({ child, ended }: Started): Promise<void> {
  child.kill('SIGTERM')
  await ended
}

test('a campaign over a space of a file, by two workers with a program; strangers are refused on every side', async () => {
  const db = await postgres().database()
  const serving = ['serve', '--port', '0', '--db', db, '--backend', 'workers']
  const server = isoflop([...serving, '--space', 'space.json'])
  const url = await server.said(/^listening on (\S+)\n/m)
  const key = await server.said(/^ {2}([\w-]{24})$/m)
  assert.match(server.printed(), /worker --db postgres:\/\/\.\.\. --space space\.json --program tiny --run/)

  // Of another space, and of the course's with the same name of a program: they take nothing.
  const run = ['--run', `${process.execPath} train.mjs {folder} {d_model}`]
  const strangers = [
    ['--space', 'other.json'],
    ['--program', 'tiny'],
  ].map((which) => isoflop(['worker', '--db', db, ...which, ...run, '--runs', 'strange']))
  const workers = ['a', 'b'].map((name) =>
    isoflop(['worker', '--db', db, '--space', 'space.json', ...run, '--parallel', '2', '--runs', name]),
  )
  for (const worker of workers) await worker.said(/program tiny of the space tiny\/[0-9a-f]{12}, 2 at a time/)

  const campaign = ['campaign', '--api', url, '--parallel', '4']
  const asking = isoflop([...campaign, '--space', 'space.json', '--out', 'out'], key)
  const failed = Promise.race(workers.map((worker) => worker.ended))
  const ended = await Promise.race([asking.ended, failed])
  assert.equal(ended.status, 0, ended.printed)
  assert.match(ended.printed, /\d+ runs of http/)

  const made = ['a', 'b'].map((name) => readdirSync(join(folder, name, 'program-tiny', 'runs')).length)
  assert.ok(
    made.every((count) => count > 5),
    `each worker has its share: ${made}`,
  )
  for (const stranger of strangers) {
    await stranger.said(/waiting: what was asked for so far is for other workers/)
    await stop(stranger)
  }
  assert.ok(!readdirSync(folder).includes('strange'))

  const answer = await fetch(`${url}/previous_runs`, { headers: { 'x-api-key': key } })
  const { previous_runs: runs } = (await answer.json()) as { previous_runs: Record<string, number>[] }
  assert.equal(runs.length, made[0] + made[1], 'each configuration is one training')
  for (const record of runs) {
    const config = space.configOf(record)!
    assert.equal(space.refusal(config), null)
  }

  const wrong = await isoflop([...campaign, '--space', 'other.json', '--out', 'wrong'], key).ended
  assert.equal(wrong.status, 2)
  assert.match(wrong.printed, /error\[SPACE_DIFFERS\]/)

  const jobs = await isoflop(['jobs', '--db', db, '--json']).ended
  assert.deepEqual(JSON.parse(jobs.printed).jobs, [])
  for (const worker of workers) await stop(worker)
  await stop(server)

  for (const other of [
    ['--space', 'other.json'],
    ['--program', 'tiny'],
  ]) {
    const again = await isoflop([...serving, ...other]).ended
    assert.equal(again.status, 2)
    assert.match(again.printed, /error\[PRODUCER_DIFFERS\].*space tiny\//)
  }
  const same = isoflop([...serving, '--space', 'space.json'])
  await same.said(/^listening on (\S+)\n/m)
  await stop(same)
})
