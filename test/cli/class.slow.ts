import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { lossQueryOf, submissionBody, wireOfConfig } from '../../src/api/contract.ts'
import { random } from '../../src/core/random.ts'
import { apiLimits } from '../../src/cs336/limits.ts'
import { startPostgres } from '../server/postgres.ts'

/** A class of 200 from its list to its grades, on two servers with one PostgreSQL. */

const root = fileURLToPath(new URL('../..', import.meta.url))
const bin = join(root, 'bin/isoflop.js')
const folder = mkdtempSync(join(tmpdir(), 'isoflop-class-'))
const running: ChildProcess[] = []
after(() => {
  for (const child of running) child.kill('SIGKILL')
  rmSync(folder, { recursive: true })
})

const students = 200
/** Who never asks, and who asks and never submits. */
const [absent, silent] = [10, 20]
const asks = 3

interface Student {
  readonly label: string
  readonly id: string
  readonly key: string
  readonly losses: number[]
  used: number
  submitted: { readonly predictedLoss: number; readonly usedThen: number; readonly late: boolean } | null
}

test('a class of 200: a key each from a list, questions and predictions to two servers, all of it in class and grade', {
  timeout: 540_000,
}, async (t) => {
  const postgres = await startPostgres()
  t.after(() => postgres.stop())
  const env = { ...process.env, DATABASE_URL: postgres.url }
  const isoflop = (...args: string[]): string => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], {
      cwd: folder,
      env,
      encoding: 'utf8',
    })
    assert.equal(status, 0, stderr)
    return stdout
  }
  const serve = (): Promise<string> => {
    const child = spawn(
      process.execPath,
      [bin, 'serve', '--port', '0', '--world', 'seed:4820193756', '--leaderboard'],
      { cwd: folder, env },
    )
    running.push(child)
    let printed = ''
    return new Promise((resolve, reject) => {
      child.once('exit', () => reject(new Error(`it ended: ${printed}`)))
      const look = (chunk: Buffer) => {
        printed += chunk
        const url = printed.match(/^listening on (\S+)\n/m)?.[1]
        if (url) resolve(url)
      }
      child.stdout.on('data', look)
      child.stderr.on('data', look)
    })
  }

  const names = Array.from({ length: students }, (_, k) => (k % 2 === 0 ? `学生 ${k}` : `Student ${k}`))
  writeFileSync(
    join(folder, 'names.csv'),
    `name,email\n${names.map((name, k) => `${name},s${k}@example.org\n`).join('')}`,
  )
  const started = performance.now()
  isoflop('keys', 'add', '--from', 'names.csv', '--out', 'keys.csv')
  t.diagnostic(
    `${students} keys in ${((performance.now() - started) / 1000).toFixed(2)} s, with the start of the command`,
  )
  const rows = tableOf(readFileSync(join(folder, 'keys.csv'), 'utf8'))
  assert.deepEqual(
    rows.map(({ name }) => name),
    names,
  )
  const all = rows.map(
    ({ name, key_id, key }): Student => ({ label: name, id: key_id, key, losses: [], used: 0, submitted: null }),
  )
  assert.equal(new Set(all.flatMap(({ id, key }) => [id, key])).size, 2 * students)

  const urls = [await serve(), await serve()]
  const stream = random(7)
  const plans = all.map((student, k) => ({ student, k, queries: Array.from({ length: asks }, () => queryOf(stream)) }))
  const act = async ({ student, k, queries }: (typeof plans)[number], late: boolean) => {
    for (const [j, query] of queries.entries()) {
      const address = new URLSearchParams({ ...textOf(query), api_key: student.key })
      const answers = await Promise.all(urls.map(async (url) => (await fetch(`${url}/loss?${address}`)).json())) // the same of both, paid once
      const [{ loss, total_flops_used }, other] = answers as { loss: number; total_flops_used: number }[]
      assert.equal(other.loss, loss)
      student.used += query.train_flops
      assert.equal(Number(total_flops_used.toPrecision(12)), Number(student.used.toPrecision(12)), `${k} ${j}`)
      student.losses.push(loss)
    }
    if (k < absent + silent) return
    const predictedLoss = 2 + (k % 50) / 100
    const { train_flops: _, api_key: __, ...config } = { ...queries[0], api_key: '' }
    for (const predicted_loss of [9, predictedLoss]) {
      const sent = await fetch(`${urls[k % 2]}/submission`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-api-key': student.key },
        body: JSON.stringify(submissionBody.parse({ ...config, predicted_loss })),
      })
      assert.equal(sent.status, 200, await sent.text())
    }
    student.submitted = { predictedLoss, usedThen: student.used, late }
  }
  const present = plans.slice(absent)
  const half = present.filter(({ k }) => k % 3 > 0)
  const rest = present.filter(({ k }) => k % 3 === 0)
  const asked = performance.now()
  await inParallel(half, (plan) => act(plan, false))
  const deadline = new Date().toISOString()
  await inParallel(rest, (plan) => act(plan, true))
  t.diagnostic(`${present.length * asks * 2} questions in ${((performance.now() - asked) / 1000).toFixed(1)} s`)
  isoflop('deadline', deadline, '--yes')
  const late = await fetch(`${urls[0]}/submission`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': all[0].key },
    body: JSON.stringify({
      d_model: 64,
      num_layers: 2,
      num_heads: 2,
      batch_size: 128,
      learning_rate: 1e-4,
      predicted_loss: 3,
    }),
  })
  assert.equal(late.status, 403)

  const board = JSON.parse(isoflop('class', '--json'))
  assert.equal(board.deadline, deadline)
  assert.deepEqual(
    board.keys.map(({ label, id, used, runs, bestLoss, attempts, late }: Record<string, unknown>) => ({
      ...{ label, id, used: Number(used), runs, bestLoss, attempts, late },
    })),
    all.map(({ label, id, used, losses, submitted }) => ({
      ...{ label, id, used, runs: losses.length, bestLoss: losses.length > 0 ? Math.min(...losses) : null },
      ...{ attempts: submitted ? 2 : 0, late: submitted?.late ?? false },
    })),
  )
  const lateOnes = all.filter(({ submitted }) => submitted?.late).length
  const table = isoflop('class').split('\n')
  assert.equal(table[0], `200 keys: 190 asked, 170 submitted, ${lateOnes} late; deadline ${deadline.slice(0, 16)}Z`)
  assert.equal(table.length, 3 + students + 3) // and what comes next
  const one = all[absent + silent]
  const history = JSON.parse(isoflop('class', one.id, '--json'))
  assert.deepEqual(
    history.runs.map(({ loss }: { loss: number }) => loss),
    one.losses,
  )
  assert.ok(
    [...history.runs, ...history.submissions].every((entry) => Date.parse(entry.settledAt ?? entry.submittedAt) > 0),
  )
  assert.deepEqual(
    history.submissions.map(({ used }: { used: string }) => Number(used)),
    [one.used, one.used],
  )

  const grades = tableOf(isoflop('grade', '--csv'))
  assert.equal(grades.length, students)
  const byId = new Map(grades.map((row) => [row.key_id, row]))
  for (const { id, label, used, submitted } of all) {
    const row = byId.get(id)!
    assert.deepEqual([row.label, Number(row.flops_used)], [label, used])
    assert.deepEqual([row.submitted, row.late], submitted ? ['yes', submitted.late ? 'yes' : 'no'] : ['no', ''])
    if (!submitted) continue
    assert.deepEqual(
      [Number(row.predicted_loss), Number(row.flops_used_then)],
      [submitted.predictedLoss, submitted.usedThen],
    )
    assert.ok(Math.abs(Number(row.predicted_loss) - Number(row.true_loss) - Number(row.error)) < 1e-12)
  }
  const ranked = grades.filter(({ rank }) => rank !== '')
  assert.deepEqual(
    ranked.map(({ rank }) => Number(rank)),
    Array.from({ length: 170 }, (_, k) => k + 1),
  )
  const regrets = ranked.map(({ regret }) => Number(regret))
  assert.deepEqual(
    regrets,
    [...regrets].sort((p, q) => p - q),
  )
  assert.ok(regrets[0] >= 0)
  const shown = (await (await fetch(`${urls[1]}/leaderboard`)).json()) as {
    leaderboard: { key: string; regret: number }[]
  }
  assert.deepEqual(
    shown.leaderboard.map(({ key, regret }) => [key, regret]),
    ranked.map(({ key_id, regret }) => [key_id, Number(regret)]),
  )
  for (const child of running) {
    child.kill('SIGTERM')
    assert.deepEqual(await once(child, 'exit'), [0, null])
  }
})

const textOf = (fields: object) =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, String(value)]))

/** A legal question with few FLOPs. */
function queryOf({ uniform, integer }: ReturnType<typeof random>) {
  const numHeads = 2 + integer(7)
  const config = {
    ...{ dModel: numHeads * (32 + integer(24)), numLayers: 2 + integer(10), numHeads },
    ...{
      batchSize: apiLimits.batchSize[integer(2)],
      learningRate: 1e-4 * 10 ** uniform(),
      trainFlops: apiLimits.trainFlops[integer(6)],
    },
  }
  const wire = wireOfConfig(config)
  lossQueryOf(apiLimits.trainFlops).parse(textOf(wire))
  return wire
}

/** Sixteen at a time. */
async function inParallel<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const waiting = items.values()
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      for (const item of waiting) await work(item)
    }),
  )
}

/** The rows of CSV without quotes, by their columns. */
function tableOf(text: string): Record<string, string>[] {
  const [head, ...rows] = text
    .trimEnd()
    .split('\n')
    .map((line) => line.split(','))
  return rows.map((cells) => Object.fromEntries(head.map((name, k) => [name, cells[k]])))
}
