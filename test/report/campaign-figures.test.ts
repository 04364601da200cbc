import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stepAside } from '../../src/report/campaign/figures/run-marks.ts'
import { trainings } from '../../src/report/campaign/figures/trainings.ts'
import { campaignFigures } from '../../src/report/campaign/figures.ts'
import type { CampaignReport } from '../../src/report/campaign/input.ts'
import { renderFigures } from '../../src/report/draw/svg.ts'
import { full, interim, plain, tiny } from './campaigns.ts'
import { assertLegible } from './contrast.ts'
import { englishOf } from './english.ts'
import { matchesSnapshot } from './snapshot.ts'
import { assertTables } from './tables.ts'

const drawCampaign = (report: CampaignReport) =>
  new Map(renderFigures(campaignFigures, report.view).map((figure) => [figure.name, figure]))

for (const [name, { svg }] of drawCampaign(full))
  test(`snapshot of a campaign's ${name}`, () => matchesSnapshot(`campaign-${name}`, svg))

test('snapshot of profiles without a law', () =>
  matchesSnapshot('campaign-profiles-plain', drawCampaign(plain).get('profiles')!.svg))

test('snapshot of what trains just now, of those that have begun', () => {
  const [{ svg, alt }] = renderFigures([trainings], interim.view)
  matchesSnapshot('campaign-trainings', svg)
  assert.match(alt, /^Training loss of 1 run so far: 3\.\d{3} \(\d+ %\)\.$/)
  assert.deepEqual(renderFigures([trainings], full.view), [])
})

test('every word in a figure can be read, on white paper and in the dark', () => {
  const counts = [full, interim, plain, tiny].map(({ view }) => assertLegible([...campaignFigures, trainings], view))
  assert.ok(counts[0] > 20 && counts[3] > 0, counts.join())
})

const axisTitles: Record<string, string[]> = {
  design: ['training compute C (FLOPs)', 'parameters N, without embeddings'],
  residuals: ['training compute C (FLOPs)', 'measured − fitted (nats/token)', 'fitted loss (nats/token)'],
  backtest: ['measured − predicted from cheaper runs (nats)', 'measured − predicted when bought (nats)'],
  profiles: ['parameters N, without embeddings', 'loss (nats/token), logarithmic'],
  target: ['parameters N, without embeddings', 'loss (nats/token)'],
  rates: ['learning rate', 'loss above the best rate (nats)', 'learning rate over the best one'],
  funnel: ['FLOPs spent', 'loss (nats/token)', 'parameters N, without embeddings'],
  beliefs: ['FLOPs spent', 'belief'],
  batch: ['training compute C (FLOPs)', 'loss of batch 256 − loss of batch 128 (nats/token)'],
}

test('a full campaign has every figure, whose axes are named with their units', () => {
  const drawings = drawCampaign(full)
  assert.deepEqual(
    [...drawings.keys()],
    campaignFigures.map(({ name }) => name),
  )
  for (const [name, { svg }] of drawings)
    for (const title of axisTitles[name]) assert.ok(svg.includes(`>${title}</text>`), `${name}: ${title}`)
})

test('no figure has a number that is none, more than three decimals, an id or a style sheet', () => {
  for (const report of [full, plain, tiny])
    for (const [name, { svg }] of drawCampaign(report)) {
      assert.doesNotMatch(svg, /NaN|Infinity|undefined|null/, name)
      assert.doesNotMatch(svg, / (d|x|y|cx|cy|r|transform)="[^"]*\d\.\d{4}/, name)
      assert.doesNotMatch(svg, / id=| class=|<style/, name)
      assert.match(svg, /^<svg [^>]*xmlns="http:\/\/www\.w3\.org\/2000\/svg"/, name)
    }
})

test('figures have words for those who do not see them', () => {
  for (const report of [full, plain, tiny])
    for (const [name, { alt, caption }] of drawCampaign(report)) {
      assert.ok(alt.length > 30 && caption.length > 80, name)
      assert.doesNotMatch(`${alt} ${caption}`, /NaN|Infinity|undefined|null| {2}|\b1 runs/, name)
    }
})

test('names of budgets in the backtest never cover each other, however uneven the runs are', () => {
  const [run] = full.view.runs
  const counts = { 1e16: 60, 3e16: 33, 1e17: 44, 3e17: 39, 1e18: 17, 3e18: 5, 1e19: 2, 3e19: 1 }
  const runs = Object.entries(counts).flatMap(([flops, count]) =>
    Array.from({ length: count }, () => ({
      ...run,
      ...{ config: { ...run.config, trainFlops: Number(flops) }, loss: 3, expected: { loss: 3, sd: 0.01 } },
    })),
  )
  const withheld = { fittedBelow: 1e18, predicted: 3, interval: [2.9, 3.1] as const }
  const backtest = runs.flatMap(({ config }, k) => (config.trainFlops < 1e18 ? [] : [{ run: k, ...withheld }]))
  const view = { ...full.view, runs, evidence: { ...full.view.evidence!, backtest } }
  const { svg } = drawCampaign({ ...full, view }).get('backtest')!
  const axes = [...svg.matchAll(/aria-label="x-axis tick label">(.*?)<\/g>/gs)].map(([, labels]) =>
    [...labels.matchAll(/translate\(([\d.]+),.*?>([^<]+)<\/text>/g)].map(([, x, text]) => ({ x: Number(x), text })),
  )
  assert.deepEqual(
    axes.map((names) => names.at(-1)?.text),
    ['3e19', '3e19'],
  )
  assert.ok(axes[1].length >= 5, JSON.stringify(axes))
  for (const names of axes)
    for (let k = 1; k < names.length; k++) assert.ok(names[k].x - names[k - 1].x >= 36, JSON.stringify(names))
})

test('a figure whose data are missing is not drawn', () => {
  assert.deepEqual([...drawCampaign(plain).keys()], ['design', 'profiles', 'funnel'])
  assert.deepEqual([...drawCampaign(tiny).keys()], ['design'])
  const none = { ...tiny, view: { ...tiny.view, runs: [] } }
  assert.deepEqual([...drawCampaign(none).keys()], [])
})

test('runs that diverged are crosses, earlier ones squares, later rounds carry their number', () => {
  const { svg, caption } = drawCampaign(full).get('design')!
  const runs = svg.match(/<g aria-label="runs">.*?<\/g>/s)![0]
  assert.equal(runs.match(/<path/g)?.length, 1)
  assert.equal(runs.match(/<rect/g)?.length, 1)
  assert.equal(runs.match(/>1<\/text>/g)?.length, 6)
  assert.equal(runs.match(/>2<\/text>/g)?.length, 3)
  assert.match(caption, /Crosses: 1 run that diverged/)
})

test('only a simulated world shows a truth', () => {
  for (const name of ['design', 'target']) {
    assert.match(drawCampaign(full).get(name)!.svg, />true best/)
    const svg = drawCampaign({
      ...full,
      view: { ...full.view, result: { ...full.view.result, truth: null, trueLosses: [] } },
    }).get(name)!.svg
    assert.doesNotMatch(svg, />true/)
  }
})

test('runs step aside as little as needed, and stay where they are when they are alone', () => {
  const disc = { y: 0, r: 5, reach: 20 }
  assert.deepEqual(
    stepAside([
      { ...disc, x: 100 },
      { ...disc, x: 100, y: 50 },
    ]),
    [100, 100],
  )
  assert.deepEqual(stepAside(Array.from({ length: 3 }, () => ({ ...disc, x: 100 }))), [100, 110, 90])
  const crowded = stepAside(Array.from({ length: 9 }, () => ({ ...disc, x: 100 })))
  assert.ok(crowded.every((x) => Math.abs(x - 100) <= 20))
})

test('every figure of a campaign that is not of single runs can be read as a table', () => {
  for (const { view } of [full, plain, interim, tiny]) assertTables(campaignFigures, view, ['design', 'residuals'])
})

test('figures of a campaign have no English sentence where they are Chinese', () => {
  for (const { view } of [full, plain, interim, tiny]) assert.deepEqual(englishOf(campaignFigures, view), [])
})
