import assert from 'node:assert/strict'
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openCampaign } from '../../src/campaign/study.ts'
import { IsoflopError } from '../../src/core/errors.ts'
import { apiSpace } from '../../src/cs336/space.ts'
import { totalFlops } from '../../src/plan/strategy.ts'
import { folder, outcome } from './studies.ts'

const hasCode = (code: string) => (error: unknown) => error instanceof IsoflopError && error.code === code

test('runs that are out are planned around, and what nobody knows of is not asked again', {
  timeout: 60_000,
}, async () => {
  const study = await openCampaign({ folder: folder('out'), seed: 2 })
  const first = await study.ask(100)
  // The 22 that decide what comes next, and the rest of the opening.
  assert.equal(first.length, 46)
  assert.ok(totalFlops(first.slice(22)) < 0.06 * apiSpace.budget)
  assert.deepEqual(await study.ask(5), [])
  assert.deepEqual([(await study.standing()).state, (await study.standing()).running.length], ['waiting', first.length])
  for (const [k, run] of first.entries())
    await study.tell(
      run.id,
      k === 0
        ? { kind: 'lost', message: 'the node died' }
        : k === 1
          ? { kind: 'refused', message: 'too wide' }
          : outcome(run),
    )
  const second = await study.ask(100)
  assert.ok(second.length > 0)
  const all = [...first, ...second].map(({ config }) => apiSpace.identity(config))
  assert.equal(new Set(all).size, all.length)
  const { spent } = await study.standing()
  const cost = [...first, ...second].reduce((sum, { config }) => sum + config.trainFlops, -first[1].config.trainFlops)
  assert.equal(spent, cost)
})

test('what is told is held to what was asked for', async () => {
  const study = await openCampaign({ folder: folder('told') })
  const [run] = await study.ask()
  await assert.rejects(study.tell('9-9', outcome(run)), hasCode('OUTCOME_INVALID'))
  await assert.rejects(study.tell(run.id, { kind: 'finished', loss: -1 }), hasCode('OUTCOME_INVALID'))
  await assert.rejects(study.tell(run.id, { kind: 'fine' } as never), hasCode('OUTCOME_INVALID'))
  await study.tell(run.id, { kind: 'finished', loss: 3 })
  await study.tell(run.id, { kind: 'finished', loss: 3 })
  await assert.rejects(study.tell(run.id, { kind: 'finished', loss: 3.1 }), hasCode('OUTCOME_INVALID'))
  assert.equal((await study.standing()).told.length, 1)
  await assert.rejects(study.ask(0), hasCode('BAD_OPTION'))
  await assert.rejects(study.forecast(), hasCode('TOO_FEW_RUNS'))
  await assert.rejects(openCampaign({ folder: folder('told'), seed: 9 }), hasCode('CAMPAIGN_DIFFERS'))
})

test('a line that was cut off is not there, one that was changed is not believed', async () => {
  const place = folder('damaged')
  const study = await openCampaign({ folder: place })
  const asked = await study.ask(3)
  appendFileSync(join(place, 'study.jsonl'), '{"event":"tell","id":"0-0","outco')
  assert.equal((await study.standing()).running.length, asked.length)
  const text = readFileSync(join(place, 'study.jsonl'), 'utf8')
  writeFileSync(join(place, 'study.jsonl'), text.replace('0-0', '0-9'))
  await assert.rejects(study.standing(), hasCode('RECORD_DAMAGED'))
})

test('a study that is open reads what others add, and does not believe what they change', async () => {
  const mine = await openCampaign({ folder: folder('shared') })
  const others = await openCampaign({ folder: folder('shared') })
  const [first] = await mine.ask(2)
  const [third] = await others.ask(1)
  assert.equal((await mine.standing()).running.length, 3)
  await others.tell(first.id, { kind: 'finished', loss: 3.5 })
  await mine.tell(first.id, { kind: 'finished', loss: 3.5 })
  await mine.tell(third.id, { kind: 'diverged' })
  assert.deepEqual((await others.standing()).told, (await mine.standing()).told)
  const file = join(folder('shared'), 'study.jsonl')
  const text = readFileSync(file, 'utf8')
  appendFileSync(file, '{"event": "tell", "id": ')
  assert.equal((await mine.standing()).told.length, 2)
  assert.equal(readFileSync(file, 'utf8'), text)
  writeFileSync(file, text.replace('3.5', '3.4'))
  await assert.rejects(mine.standing(), { code: 'RECORD_DAMAGED' })
  writeFileSync(file, text)
  assert.equal((await mine.standing()).told.length, 2)
})
