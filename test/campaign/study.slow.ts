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
import { isRung } from '../../src/plan/adaptive/climb.ts'
import { isCheap } from '../../src/plan/adaptive/meanwhile.ts'
import { totalFlops } from '../../src/plan/strategy.ts'
import { drawnWorld } from '../../src/world/drawn.ts'
import { optimum } from '../../src/world/optimum.ts'
import { stagedWorld } from '../../src/world/staged.ts'
import type { World } from '../../src/world/world.ts'
import { folder, outcome, world } from './studies.ts'

/** The world with the noise of runs: without it hardly any run is worth its cost for long. */
const noisy = (of: World): World => ({ ...of, loss: (config) => of.observe(config) })

interface Play {
  /** Runs that are out at once. */
  readonly n: number
  /** Outcomes that are told before the next are asked for. */
  readonly batch?: number
  /** One of so many of the oldest ends next; any by default. */
  readonly among?: number
  readonly seed?: number
  readonly of?: World
  /** Calls after which it is left as it is. */
  readonly most?: number
}

/** Asks for up to `n` runs beside those that are out, and tells outcomes in a random order, until the study has ended. */
async function play(study: Study, { n, batch = 1, among = n, seed = 0, of = world, most = 2000 }: Play) {
  const rng = random(seed, 5)
  const out: AskedRun<TrainingConfig>[] = []
  const asked: AskedRun<TrainingConfig>[] = []
  /** What share of the budget was spent when there was nothing to do for somebody for the first time, and why. */
  let idle: { readonly from: number; readonly reason: string } | null = null
  for (let calls = 0; calls < most; calls++) {
    const more = out.length < n ? await study.ask(n - out.length) : []
    out.push(...more)
    asked.push(...more)
    const spent = totalFlops(asked) / apiSpace.budget
    assert.ok(spent <= 1 + 1e-12, `${spent} of the budget with what is out`)
    if (out.length < n) idle ??= { from: spent, reason: (await study.standing()).reason }
    if (out.length === 0) return { asked, idle }
    for (let told = 0; told < batch && out.length > 0; told++) {
      const [run] = out.splice(rng.integer(Math.min(among, out.length)), 1)
      await study.tell(run.id, outcome(run, of))
    }
  }
  assert.ok(most < 2000, 'the study never ended')
  return { asked, idle }
}

test('a study asked one by one buys what a campaign buys, and predicts the same', { timeout: 300_000 }, async () => {
  const study = await openCampaign({ folder: folder('serial'), seed: 3 })
  await play(study, { n: 1 })
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
  const eight = { n: 8, batch: 3, seed: 4 }
  await play(await openCampaign({ folder: a, seed: 1 }), eight)
  await play(await openCampaign({ folder: b, seed: 1 }), { ...eight, most: 16 })
  const [log, again] = [a, b].map((place) => readFileSync(join(place, 'study.jsonl'), 'utf8'))
  assert.ok(
    again.length > log.length / 5 && log.startsWith(again),
    `${again.length} of ${log.length}, ${log.startsWith(again)}`,
  )
  const study = await openCampaign({ folder: a, seed: 1 })
  const { spent, budget, told } = await study.standing()
  assert.ok(spent <= budget && spent > 0.5 * budget, `${spent} of ${budget}`)
  const names = told.map(({ run }) => apiSpace.identity(run.config))
  assert.equal(new Set(names).size, names.length)
  const truth = optimum(world, apiSpace.target)
  const { config } = await study.forecast()
  assert.ok(world.loss(config) - truth.loss < 0.05, `regret ${world.loss(config) - truth.loss}`)
})

// Cheap runs learn in the first world. In the second they hardly do, and the tenth that may be spent meanwhile is used up while larger runs tell whether they mislead.
for (const [seed, least] of [
  [1000, 0.9],
  [1001, 0.2],
])
  test(`none of sixteen machines is idle while there is a budget that may be spent usefully: seed:${seed}`, {
    timeout: 300_000,
  }, async () => {
    const study = await openCampaign({ folder: folder(`busy-${seed}`) })
    const { asked, idle } = await play(study, { n: 16, batch: 8, among: 10, of: noisy(drawnWorld(seed)) })
    assert.ok(idle && (idle.from > least || / worth only /.test(idle.reason)), JSON.stringify(idle))
    const cheap = totalFlops(asked.filter(isCheap))
    assert.ok(cheap <= apiSpace.budget / 10, `${cheap} FLOPs for what is bought before what comes next is decided`)
  })

test('where cheap runs mislead, what is bought meanwhile leaves enough for the whole climb', {
  timeout: 300_000,
}, async () => {
  const study = await openCampaign({ folder: folder('climb') })
  const { asked } = await play(study, { n: 16, batch: 8, among: 10, of: noisy(stagedWorld(1000)) })
  const rungs = asked.filter(isRung).map(({ config }) => config.trainFlops / apiSpace.budget)
  assert.deepEqual(rungs, [0.03, 0.03, 0.03, 0.05, 0.05, 0.15, 0.15, 0.3])
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
