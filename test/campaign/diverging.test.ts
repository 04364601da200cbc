import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Backend } from '../../src/backend/backend.ts'
import { simulateBackend } from '../../src/backend/simulate.ts'
import { apiTrainer } from '../../src/campaign/api-trainer.ts'
import { campaignInFolder } from '../../src/campaign/in-folder.ts'
import { viewOfCampaign } from '../../src/campaign/view.ts'
import { adaptive } from '../../src/plan/adaptive/adaptive.ts'
import { campaignJson } from '../../src/report/campaign/json.ts'
import { drawnWorld } from '../../src/world/drawn.ts'
import { serving } from '../server/serving.ts'

const folder = mkdtempSync(join(tmpdir(), 'isoflop-diverging-'))
after(() => rmSync(folder, { recursive: true, force: true }))

test('a training that diverges behind the API is, up to the report, the run that it was', async () => {
  const simulated = simulateBackend(drawnWorld(901))
  /** Diverges at high rates in wide models, as real ones do. */
  const backend: Backend = {
    ...simulated,
    train: async (config) =>
      config.learningRate > 6e-4 && config.dModel > 300 ? { kind: 'diverged', at: 12 } : simulated.train(config),
  }
  const server = await serving({ backend })
  try {
    const trainer = apiTrainer(server.url, server.key, 4)
    const { campaign, files, identity } = await campaignInFolder({ folder, trainer })
    const diverged = campaign.runs.filter(({ loss }) => Number.isNaN(loss))
    assert.ok(diverged.length >= 2, `${diverged.length} diverged`)
    assert.deepEqual([campaign.refused, campaign.lost], [[], []])
    const lines = readFileSync(files[0], 'utf8').trim().split('\n')
    assert.equal(lines.filter((line) => JSON.parse(line).loss === null).length, diverged.length)
    const json = campaignJson(viewOfCampaign(campaign, { task: { ...identity, words: adaptive.words } }))
    assert.equal(json.runs.filter(({ loss }) => loss === null).length, diverged.length)
    const aside = campaign.diagnostics.find(({ code }) => code === 'untrained-set-aside')
    assert.match(aside?.message ?? '', new RegExp(`[:,] ${diverged.length} because they diverged\\.$`))
    // The server charges nothing for them; the campaign counts them as spent.
    const charged = Number(await trainer.spentFlops?.())
    const cost = diverged.reduce((sum, { config }) => sum + config.trainFlops, 0)
    assert.equal(charged + cost, campaign.spentFlops)
  } finally {
    await server.close()
  }
})
