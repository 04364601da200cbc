import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { readLive } from '../../src/campaign/live-file.ts'
import { historyOf } from '../../src/campaign/run-history.ts'
import { openCampaign, type Study } from '../../src/campaign/study.ts'
import { apiSpace } from '../../src/cs336/space.ts'
import { profilesStrategy } from '../../src/plan/profiles/profiles.ts'
import { CampaignFolder } from '../../src/watch/folder.ts'
import { folder, outcome } from './studies.ts'

/** Waits until what is told is as it should be: what comes too soon is told a little later. */
async function told(place: string, isSo: (live: NonNullable<ReturnType<typeof readLive>>) => boolean) {
  for (const end = Date.now() + 20_000; ; ) {
    const live = readLive(place)
    if (live !== null && isSo(live)) return live
    if (Date.now() > end) assert.fail(JSON.stringify(live).slice(0, 2000))
    await new Promise((done) => setTimeout(done, 20))
  }
}

test('whoever looks on sees what is out, what was told and what is expected, whichever process told it', {
  timeout: 120_000,
}, async (t) => {
  const place = folder('watched')
  const study = await openCampaign({ folder: place, seed: 2 })
  const first = await study.ask(100)
  const opened = await told(place, ({ view }) => view.open.length === first.length)
  assert.equal(opened.state, 'waiting')
  assert.equal(opened.capacity, first.length)
  assert.deepEqual(
    opened.view.open.map(({ config }) => config),
    first.map(({ config }) => config),
  )
  assert.deepEqual([opened.view.spentFlops, opened.view.estimate, opened.view.rounds.length], [0, null, 1])
  // Somebody looks on: what is told next has the law in it.
  const watched = new CampaignFolder(place, 'here')
  t.after(() => watched.close())
  await watched.look()
  await watched.look()
  assert.equal(watched.since(null)?.data.state, 'waiting')
  assert.ok(!watched.isOver)
  const other = await openCampaign({ folder: place, seed: 2 })
  for (const [k, run] of first.entries())
    await (k % 2 ? study : other).tell(
      run.id,
      k === 0
        ? { kind: 'lost', message: 'the node died' }
        : k === 1
          ? { kind: 'refused', message: 'too wide' }
          : outcome(run),
    )
  const all = await told(place, ({ view }) => view.open.length === 0)
  assert.deepEqual([all.view.lost.length, all.view.refused[0].message, all.state], [1, 'too wide', 'asking'])
  assert.equal(all.view.runs.length, first.length - 2)
  assert.equal(
    all.view.spentFlops,
    first.reduce((sum, { config }) => sum + config.trainFlops, -first[1].config.trainFlops),
  )
  // Of all the opening nothing was expected yet; then a plan by the law.
  const second = await other.ask(2)
  const planned = await told(place, ({ view }) => view.rounds.length === 2)
  assert.equal(planned.view.history.length, 1)
  assert.equal(planned.view.history[0].spentFlops, all.view.spentFlops)
  assert.ok(planned.view.estimate!.loss > 1 && planned.view.evidence !== null)
  // What the law said stays when an outcome is told that nobody has thought about.
  await study.tell(second[0].id, outcome(second[0]))
  const later = await told(place, ({ view }) => view.runs.length === planned.view.runs.length + 1)
  assert.deepEqual(later.view.evidence, planned.view.evidence)
  assert.deepEqual(later.view.runs.at(-1)!.expected, second[0].expected)
  const forecast = await study.forecast()
  assert.equal((await told(place, ({ view }) => view.estimate?.loss === forecast.loss)).state, 'asking')
  // The plans' expectations are in the log: another process has them.
  const again = await openCampaign({ folder: place, seed: 2 })
  await again.standing()
  assert.deepEqual(readLive(place)!.view.history, later.view.history)
})

test('how far runs are is shown as they report it or write it themselves, and no plan knows of it', async (t) => {
  const [place, silent] = [folder('reported'), folder('silent')]
  const [study, other] = [await openCampaign({ folder: place }), await openCampaign({ folder: silent })]
  const [first, second, third] = await study.ask(3)
  await other.ask(3)
  const watched = new CampaignFolder(place, 'here')
  t.after(() => watched.close())
  await watched.look()
  assert.deepEqual(watched.since(null)!.data.view.training, [])
  const { tokens, stepTokens } = watched.since(null)!.data.view.open[0]
  await study.report(first.id, { tokens: tokens / 4, loss: 6 }, { step: tokens / 2 / stepTokens, loss: 5 })
  // A program that was begun again from a checkpoint repeats itself; what it is about to write is no line yet.
  const history = historyOf(place, second.id)
  mkdirSync(dirname(history), { recursive: true })
  const lines = ['{"step":3,"loss":7}', '{"step":2,"loss":9}', 'nonsense', '{"step":4,"loss":null}', '{"step":5']
  writeFileSync(history, lines.join('\n'))
  await watched.look()
  const training = () => watched.since(null)!.data.view.training
  assert.deepEqual(
    training().map(({ id, config }) => ({ id, config })),
    [first, second].map(({ id, config }) => ({ id, config })),
  )
  assert.deepEqual(training()[0].curve, [
    { share: 0.25, loss: 6 },
    { share: 0.5, loss: 5 },
  ])
  assert.deepEqual(
    training()[1].curve.map(({ loss }) => loss),
    [7],
  )
  // Read on where it was left, and from the beginning where another file is there.
  writeFileSync(history, `${lines.join('\n')},"loss":6}\n`)
  await watched.look()
  assert.deepEqual(
    training()[1].curve.map(({ loss }) => loss),
    [7, 6],
  )
  writeFileSync(history, '{"step":1,"loss":8}\n')
  await watched.look()
  await watched.look()
  assert.deepEqual(
    training()[1].curve.map(({ loss }) => loss),
    [8],
  )
  const hasCode = { code: 'OUTCOME_INVALID' }
  await assert.rejects(study.report('9-9', { step: 1, loss: 3 }), hasCode)
  await assert.rejects(study.report('../../9-9', { step: 1, loss: 3 }), hasCode)
  for (const bad of [{ loss: 3 }, { step: -1, loss: 3 }, { step: 1, loss: Number.NaN }, { step: 1, loss: '3' }])
    await assert.rejects(study.report(first.id, bad as never), hasCode, JSON.stringify(bad))
  // What has ended is no training, and a report that comes late changes nothing.
  for (const run of [first, second]) {
    await study.tell(run.id, outcome(run))
    await other.tell(run.id, outcome(run))
  }
  await study.report(first.id, { step: 99, loss: 3 })
  await study.report(third.id, { step: 1, loss: 11 })
  await told(place, ({ view }) => view.runs.length === 2)
  await watched.look()
  assert.deepEqual(
    training().map(({ config }) => config),
    [third.config],
  )
  const log = (where: string) => readFileSync(join(where, 'study.jsonl'), 'utf8')
  assert.equal(log(place), log(silent))
})

async function play(study: Study): Promise<void> {
  for (;;) {
    const runs = await study.ask(100)
    if (runs.length === 0) return
    for (const run of runs) await study.tell(run.id, outcome(run))
  }
}

test('a study that has ended is told with what it came to', { timeout: 120_000 }, async () => {
  const place = folder('ended')
  const budget = 2e17
  const study = await openCampaign({ folder: place, budget, strategy: profilesStrategy('lowest') })
  await play(study)
  const { state, view } = readLive(place)!
  assert.equal(state, 'ended')
  assert.equal(view.result?.prediction.loss, (await study.forecast()).loss)
  assert.equal(view.runs.length, (await study.standing()).told.length)
  assert.equal(view.history.at(-1)!.estimate.loss, view.result?.prediction.loss)
  assert.ok(view.spentFlops <= budget && view.space.name === apiSpace.name)
  await study.standing()
  assert.deepEqual(readLive(place)!.view, view)
})

test('a study that ended before there was enough for a law is told as ended, with nothing expected', async () => {
  const place = folder('short')
  await play(await openCampaign({ folder: place, budget: 3e16 }))
  const { state, view } = readLive(place)!
  assert.deepEqual([state, view.result, view.estimate, view.open], ['ended', null, null, []])
})
