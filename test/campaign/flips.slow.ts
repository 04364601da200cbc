import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { readHead } from '../../src/campaign/head.ts'
import { campaignInFolder } from '../../src/campaign/in-folder.ts'
import type { Notice } from '../../src/campaign/session.ts'
import { openRecord } from '../../src/client/record.ts'
import { IsoflopError } from '../../src/core/errors.ts'
import { random } from '../../src/core/random.ts'
import { outcomeOf, type TrainedRun, type Trainer } from '../../src/core/trainer.ts'
import { apiCodec, type TrainingConfig } from '../../src/cs336/config.ts'
import { readRuns } from '../../src/input/read.ts'
import { profilesStrategy } from '../../src/plan/profiles/profiles.ts'
import { drawnWorld } from '../../src/world/drawn.ts'

const folder = mkdtempSync(join(tmpdir(), 'isoflop-flips-'))
after(() => rmSync(folder, { recursive: true }))

const world = drawnWorld(907)
const strategy = profilesStrategy('lowest')
const flips = 200

/** A trainer that keeps what it made, as an API does, or none, as a cluster. */
function trainerOf(keeps: boolean) {
  const made: TrainedRun<TrainingConfig>[] = []
  const trainer: Trainer<TrainingConfig> = {
    name: 'cluster',
    async train(config) {
      const loss = world.observe(config)
      made.push({ config, loss })
      return outcomeOf(loss)
    },
    ...(keeps && { previous: async () => [...made] }),
  }
  return { trainer, made }
}

const play = (out: string, trainer: Trainer<TrainingConfig>, notices: Notice[] = []) =>
  campaignInFolder({ folder: out, trainer, strategy, budget: 2e17, onNotice: (notice) => notices.push(notice) })

const out = join(folder, 'whole')
const { trainer } = trainerOf(false)
const given = [
  { config: { dModel: 64, numLayers: 2, numHeads: 2, batchSize: 128, learningRate: 1e-3, trainFlops: 1e13 }, loss: 9 },
]
const { campaign: whole } = await campaignInFolder({ folder: out, trainer, strategy, budget: 2e17, runs: given })
const answers = readFileSync(join(out, 'campaign.jsonl'))
const head = readFileSync(join(out, 'campaign.json'))

/** A file with one bit of it flipped, so many times. */
function* flipped(bytes: Buffer, seed: number): Generator<{ file: string; at: number }> {
  const { integer } = random(seed, 1)
  const file = join(folder, 'flipped')
  for (let k = 0; k < flips; k++) {
    const at = integer(bytes.length)
    const copy = Buffer.from(bytes)
    copy[at] ^= 1 << integer(8)
    writeFileSync(file, copy)
    yield { file, at }
  }
}

test('of 200 flipped bits in the answers of a campaign none is believed', () => {
  const original = new Map(whole.runs.map(({ config, loss }) => [apiCodec.identity(config), loss]))
  const lines = answers.toString().split('\n').length - 1
  for (const { file, at } of flipped(answers, 1)) {
    const record = openRecord(file, apiCodec)
    for (const { config, loss } of record.answers())
      assert.equal(loss, original.get(apiCodec.identity(config as TrainingConfig)), `${at}`)
    // A line end that is flipped joins two lines, or cuts the last one off.
    assert.ok(record.answers().length + record.damaged.length >= lines - 1)
    assert.ok(record.damaged.length === 1 || record.answers().length === lines - 1, `${at}`)
  }
})

test('of 200 flipped bits in the head none is believed', () => {
  const expected = readHead(join(out, 'campaign.json'), apiCodec)
  for (const { file, at } of flipped(head, 2)) {
    try {
      assert.deepEqual(readHead(file, apiCodec), expected, `${at}`)
    } catch (error) {
      assert.ok(error instanceof IsoflopError, `${at}: ${error}`)
      assert.equal(error.code, 'RECORD_DAMAGED')
    }
  }
})

test('of 200 flipped bits in the answers none is fitted', async () => {
  const { runs } = await readRuns([join(out, 'campaign.jsonl')])
  for (const { file, at } of flipped(answers, 3)) {
    const read = await readRuns([file])
    const losses = new Set(runs.loss)
    for (const loss of read.runs.loss) assert.ok(losses.has(loss), `${at}`)
    assert.ok(read.runs.size >= runs.size - 2 && read.runs.size <= runs.size)
  }
})

/** The answers with the third loss changed by hand. */
const changed = answers.toString().replace(/("loss":)(\d)/g, (all, name, digit, at: number, text: string) => {
  const isThird = text.slice(0, at).split('\n').length === 3
  return isThird ? `${name}${(Number(digit) + 1) % 10}` : all
})

test('a changed line of a trainer that remembers is told, and the run is taken from it', async () => {
  const place = join(folder, 'remembers')
  const { trainer: api, made } = trainerOf(true)
  const { campaign: first } = await play(place, api)
  const before = made.length
  const lines = readFileSync(join(place, 'campaign.jsonl'), 'utf8').split('\n')
  lines[2] = lines[2].replace(/"loss":\d/, '"loss":1')
  writeFileSync(join(place, 'campaign.jsonl'), lines.join('\n'))
  const notices: Notice[] = []
  const { campaign: again } = await play(place, api, notices)
  assert.deepEqual(again.prediction, first.prediction)
  assert.equal(made.length, before)
  const told = notices.find(({ kind }) => kind === 'damaged')
  assert.ok(told?.kind === 'damaged')
  assert.deepEqual(told.lines, [3])
})

test('what a trainer says counts before the record, which may be of another world', async () => {
  const place = join(folder, 'contradicted')
  const { trainer: api, made } = trainerOf(true)
  const { campaign: first } = await play(place, api)
  const other = { ...api, previous: async () => made.map(({ config, loss }) => ({ config, loss: loss + 0.25 })) }
  const notices: Notice[] = []
  const { campaign: again } = await play(place, other, notices)
  assert.ok(notices.some((notice) => notice.kind === 'contradicted' && notice.runs === first.queries))
  assert.ok(again.runs.every(({ loss }, k) => Math.abs(loss - first.runs[k].loss - 0.25) < 1e-9))
})

test('where only the record knows, a changed line ends the campaign with its number', async () => {
  const place = join(folder, 'forgets')
  const { trainer: cluster } = trainerOf(false)
  await play(place, cluster)
  writeFileSync(join(place, 'campaign.jsonl'), changed)
  await assert.rejects(play(place, cluster), { code: 'RECORD_DAMAGED', message: /campaign\.jsonl.*line 3 was changed/ })
})

test('a campaign of an earlier version, whose lines have no checksums, goes on', async () => {
  const place = join(folder, 'earlier')
  const { trainer: cluster, made } = trainerOf(false)
  const { campaign: first } = await play(place, cluster)
  const before = made.length
  const bare = (text: string) => text.replace(/,\s*"checksum":\s*"[0-9a-f]{12}"/g, '')
  const answersFile = join(place, 'campaign.jsonl')
  const headFile = join(place, 'campaign.json')
  writeFileSync(answersFile, bare(readFileSync(answersFile, 'utf8')))
  await assert.rejects(play(place, cluster), { code: 'RECORD_DAMAGED' })
  writeFileSync(headFile, bare(readFileSync(headFile, 'utf8')).replace('"campaign": 2', '"campaign": 1'))
  const { campaign: again } = await play(place, cluster)
  assert.deepEqual(again.prediction, first.prediction)
  assert.equal(made.length, before)
})

test('a head that is none is told apart from one that is damaged', () => {
  const file = join(folder, 'none.json')
  for (const text of [
    '{}',
    '{"campaign":1,"given":[null],"source":"x"}',
    '{"campaign":1,"given":[{"loss":-5}],"source":"x"}',
  ]) {
    writeFileSync(file, text)
    assert.throws(() => readHead(file, apiCodec), { code: 'CAMPAIGN_DIFFERS' }, text)
  }
  writeFileSync(file, '')
  assert.throws(() => readHead(file, apiCodec), { code: 'RECORD_DAMAGED' })
})
