import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { campaign } from '../../src/campaign/campaign.ts'
import { type AskedRun, openCampaign, type Study } from '../../src/campaign/study.ts'
import { random } from '../../src/core/random.ts'
import type { TrainingConfig } from '../../src/cs336/config.ts'
import { apiSpace } from '../../src/cs336/space.ts'
import { optimum } from '../../src/world/optimum.ts'
import { folder, outcome, world } from './studies.ts'

/** Asks for up to `n` runs beside those that are out, and tells outcomes in a random order, until the study has ended. */
async function play(study: Study, n: number, seed = 0): Promise<number> {
  const rng = random(seed, 5)
  const out: AskedRun<TrainingConfig>[] = []
  for (let calls = 0; calls < 2000; calls++) {
    if (out.length < n) out.push(...(await study.ask(n - out.length)))
    if (out.length === 0) return calls
    const [run] = out.splice(rng.integer(out.length), 1)
    await study.tell(run.id, outcome(run))
  }
  return assert.fail('the study never ended')
}

test('a study asked one by one buys what a campaign buys, and predicts the same', { timeout: 300_000 }, async () => {
  const study = await openCampaign({ folder: folder('serial'), seed: 3 })
  await play(study, 1)
  const trainer = { name: 'world', train: async (config: TrainingConfig) => outcome({ config }) }
  const whole = await campaign({ trainer, seed: 3 })
  const { told, spent, state } = await study.standing()
  assert.equal(state, 'ended')
  assert.deepEqual(
    told.map(({ run }) => apiSpace.identity(run.config)),
    whole.runs.map(({ config }) => apiSpace.identity(config)),
  )
  assert.equal(spent, whole.spentFlops)
  assert.deepEqual((await study.forecast()).loss, whole.prediction.loss)
})

test('eight at once stay within the budget, are told in any order, and equal orders have equal plans', {
  timeout: 120_000,
}, async () => {
  const [a, b] = [folder('eight'), folder('eight-again')]
  for (const place of [a, b]) await play(await openCampaign({ folder: place, seed: 1 }), 8, 4)
  assert.equal(readFileSync(join(a, 'study.jsonl'), 'utf8'), readFileSync(join(b, 'study.jsonl'), 'utf8'))
  const study = await openCampaign({ folder: a, seed: 1 })
  const { spent, budget, told } = await study.standing()
  assert.ok(spent <= budget && spent > 0.5 * budget, `${spent} of ${budget}`)
  const names = told.map(({ run }) => apiSpace.identity(run.config))
  assert.equal(new Set(names).size, names.length)
  const truth = optimum(world, apiSpace.target)
  const { config } = await study.forecast()
  assert.ok(world.loss(config) - truth.loss < 0.05, `regret ${world.loss(config) - truth.loss}`)
})

test('the loop of the examples runs to its forecast', { timeout: 300_000 }, () => {
  const base = join(import.meta.dirname, '../..')
  const { status, stdout, stderr } = spawnSync('sh', [join(base, 'examples/ask-and-tell.sh'), folder('shell')], {
    encoding: 'utf8',
    env: { ...process.env, ISOFLOP: `${process.execPath} ${join(base, 'bin/isoflop.js')}` },
  })
  assert.equal(status, 0, stderr)
  assert.match(stdout, /configuration.*\nN .*\nD .*\nloss .*nats\/token/)
  assert.match(stdout, /the campaign has ended/)
})

test('four processes that ask and tell at once, some of them killed, give no run twice and lose none', {
  timeout: 120_000,
}, async () => {
  const place = folder('many')
  await openCampaign({ folder: place })
  const program = `
    import { openCampaign } from ${JSON.stringify(new URL('../../src/campaign/study.ts', import.meta.url).href)}
    const study = await openCampaign({ folder: ${JSON.stringify(place)} })
    for (let k = 0; k < 8; k++) {
      const [run] = await study.ask()
      if (!run) process.exit(0)
      process.stdout.write('asked ' + run.id + '\\n')
      await study.tell(run.id, { kind: 'finished', loss: 3 + run.config.learningRate })
      process.stdout.write('told ' + run.id + '\\n')
    }`
  const lines: string[] = []
  const one = (isKilled: boolean) =>
    new Promise<void>((resolve) => {
      const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', program], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      child.stdout.on('data', (chunk) => {
        lines.push(...String(chunk).split('\n').filter(Boolean))
        if (isKilled && lines.length > 8) child.kill('SIGKILL')
      })
      child.on('close', () => resolve())
    })
  await Promise.all([one(true), one(false), one(true), one(false)])
  const asked = lines.filter((line) => line.startsWith('asked '))
  assert.equal(new Set(asked).size, asked.length)
  const study = await openCampaign({ folder: place })
  const { told, running } = await study.standing()
  const known = new Set(told.map(({ run }) => run.id))
  for (const line of lines) if (line.startsWith('told ')) assert.ok(known.has(line.slice(5)), line)
  assert.ok(running.length <= 2, `${running.length} runs of killed processes are out`)
})
