// Run in a folder where isoflop is installed: reads the three files that it is given, fits, plays a drawn world and writes reports.
import assert from 'node:assert/strict'
import { analyse, campaignInFolder, readRuns, viewOfCampaign, worldTrainer } from 'isoflop'
import { strategyNamed } from 'isoflop/plan/strategies'
import { renderCampaign } from 'isoflop/report/campaign/report'
import { fitPage } from 'isoflop/report/fit/report'
import { reportFiles } from 'isoflop/report/page/files'
import { drawnWorld } from 'isoflop/world/drawn'

const files = process.argv.slice(2)
const [first, ...others] = await Promise.all(files.map((file) => readRuns([file])))
for (const { runs } of others) assert.deepEqual(runs.loss, first.runs.loss)

const analysis = await analyse(first, { targets: [1e24], resamples: 20, starts: 30, threads: 2 })
const [{ method, predictions }] = analysis.methods
console.log(method, predictions[0].parameters.toPrecision(2))
const page = fitPage({ analysis, truth: null, title: 'runs', data: first, command: 'library.mjs', versions: {} })
assert.match(reportFiles(page, 'report.html')['report.html'], /<svg/)
assert.ok(Object.keys(reportFiles(page, 'report.md')).some((file) => file.endsWith('.svg')))

const task = { trainer: worldTrainer(drawnWorld(7)), budget: 2e17, withEvidence: true }
const { campaign: played } = await campaignInFolder({ ...task, folder: `kept-${process.version}` })
assert.ok(Math.abs(played.prediction.loss - 3) < 2)
const again = await campaignInFolder({ ...task, folder: `kept-${process.version}` })
assert.deepEqual(again.campaign.prediction, played.prediction)
const { name: strategy, words } = await strategyNamed('adaptive')
const about = { source: 'world:seed:7', strategy, words, seed: 0, budget: task.budget, target: 1e19 }
const view = viewOfCampaign(played, { task: about })
const written = renderCampaign({ view, title: 'seed:7', command: 'library.mjs', versions: {} })
assert.match(written['report.html'], /<svg/)
console.log('campaign', played.prediction.loss.toFixed(2))
