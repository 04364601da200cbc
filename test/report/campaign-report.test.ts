import assert from 'node:assert/strict'
import { test } from 'node:test'
import { submissionBody } from '../../src/api/contract.ts'
import type { TrainingConfig } from '../../src/cs336/config.ts'
import { type CampaignReport, renderCampaign } from '../../src/report/campaign/report.ts'
import { escapeMarkdown } from '../../src/report/page/markdown.ts'
import { full, plain, tiny } from './campaigns.ts'

const headings = (page: string) => [...page.matchAll(/<h2>(.*?)<\/h2>/g)].map(([, text]) => text)

test("the write-up answers the handout's questions in their order, in both formats", () => {
  const expected = [
    '1. Which runs were bought, and why',
    '2. How the law was fitted',
    '3. How well it fits',
    '4. Size and loss at 1e19 FLOPs',
    '5. Hyperparameters, and why',
    'Diagnostics',
    'Appendix: all runs',
    'How this was made',
    'Ten words',
  ]
  for (const report of [full, plain, tiny]) {
    const files = renderCampaign(report)
    assert.deepEqual(headings(files['report.html']), expected)
    assert.deepEqual(
      [...files['report.md'].matchAll(/^## (.*)$/gm)].map(([, text]) => text),
      expected,
    )
  }
})

test('the page needs nothing but itself', () => {
  const page = renderCampaign(full)['report.html']
  assert.doesNotMatch(page, /<script|<link|<img|<iframe|<object|@import|url\(|\ssrc=|\shref=/i)
  assert.deepEqual([...new Set(page.match(/https?:[^"'\s<]*/g))], ['http://www.w3.org/2000/svg'])
  assert.equal(page.match(/<figure id="figure-/g)?.length, 7)
})

test('its markup is balanced', () => {
  for (const report of [full, plain, tiny]) {
    const open: string[] = []
    for (const [, close, name, self] of renderCampaign(report)['report.html'].matchAll(
      /<(\/?)([a-z][\w-]*)[^>]*?(\/?)>/gi,
    )) {
      if (self || ['meta', 'br'].includes(name)) continue
      if (close) assert.equal(open.pop(), name)
      else open.push(name)
    }
    assert.deepEqual(open, [])
  }
})

test('every figure of the Markdown is a file, and every row of a table has as many cells as its head', () => {
  const files = renderCampaign(full)
  const linked = [...files['report.md'].matchAll(/!\[[^\]]+\]\(([^)]+)\)/g)].map(([, file]) => file)
  assert.equal(linked.length, 7)
  assert.deepEqual(
    linked.filter((file) => !(file in files)),
    [],
  )
  let cells = 0
  for (const line of files['report.md'].split('\n')) {
    const count = line.startsWith('|') ? line.match(/(?<!\\)\|/g)!.length : 0
    if (cells > 0 && count > 0) assert.equal(count, cells, line)
    cells = count
  }
})

test('submission.json is what POST /submission takes, and is left out for another target', () => {
  const text = renderCampaign(full)['submission.json']
  const { config: chosen, loss } = full.view.result.prediction
  const config = chosen as TrainingConfig
  assert.deepEqual(submissionBody.parse(JSON.parse(text)), JSON.parse(text))
  assert.deepEqual(JSON.parse(text), {
    d_model: config.dModel,
    num_layers: config.numLayers,
    num_heads: config.numHeads,
    batch_size: config.batchSize,
    learning_rate: config.learningRate,
    predicted_loss: loss,
  })
  const prediction = { ...full.view.result.prediction, config: { ...config, trainFlops: 3e18 } }
  const elsewhere: CampaignReport = {
    ...full,
    view: { ...full.view, result: { ...full.view.result, prediction } },
  }
  const files = renderCampaign(elsewhere)
  assert.ok(!('submission.json' in files))
  assert.match(files['report.html'], /no submission.json/)
})

const evil = '<script>alert("x")</script>&\'|`*'

test('what comes from outside is escaped', () => {
  const { view } = full
  const [run] = view.runs
  const report: CampaignReport = {
    title: evil,
    command: evil,
    versions: { [evil]: evil },
    view: {
      ...view,
      task: { ...view.task, source: evil, strategy: evil },
      evidence: { ...view.evidence!, fitted: view.runs.map(() => ({ kind: 'set-aside', reason: evil })) },
      runs: [{ ...run, reason: evil }, ...view.runs.slice(1)],
      refused: [{ config: run.config, message: evil }],
      rounds: [{ title: evil, queries: 1, spentFlops: 1 }],
      result: {
        ...view.result,
        stopped: evil,
        diagnostics: [{ code: 'outliers', severity: 'warning', message: evil, advice: evil, evidence: {} }],
        prediction: {
          ...view.result.prediction,
          narrowing: [evil],
          laws: [{ name: evil, weight: 0.5, coefficients: { [evil]: 1 } }],
        },
      },
    },
  }
  const files = renderCampaign(report)
  assert.doesNotMatch(files['report.html'], /<script|alert\("/)
  assert.ok(files['report.html'].split('&#60;script&#62;').length > 12)
  // Code spans alone may have a tag: Markdown shows them as they are.
  assert.doesNotMatch(files['report.md'].replace(/`` .*? ``/g, ''), /<script/)
})

test('Markdown shows text as it is', () => {
  assert.equal(
    escapeMarkdown('d_model _x_ a|b *c* [d](e) <f> `g` $h$'),
    'd_model \\_x\\_ a\\|b \\*c\\* \\[d\\](e) &lt;f&gt; \\`g\\` \\$h\\$',
  )
})

test('no number that is none, and singular and plural', () => {
  for (const report of [full, plain, tiny])
    for (const [name, text] of Object.entries(renderCampaign(report)))
      assert.doesNotMatch(
        text,
        /NaN|Infinity|undefined|\[object|\b1 (runs|queries|rounds|layers|heads)\b|\.\.|\(\)/,
        name,
      )
  const text = renderCampaign(tiny)['report.md']
  assert.match(text, /asked http:\/\/localhost:8000 for 1 run\./)
  assert.match(text, /Buying ended: interrupted\./)
})

test('a simulated world says what is true, another source does not', () => {
  const text = renderCampaign(full)['report.md']
  assert.match(text, /\*\*regret\*\*: 0\.00400 nats\/token/)
  assert.match(text, /covers the true loss/)
  assert.match(text, /0\.0210 nats\/token too high/)
  assert.doesNotMatch(renderCampaign(plain)['report.md'].split('## Ten words')[0], /regret|in truth|true/)
})

test('without intervals it says so', () => {
  const text = renderCampaign(plain)['report.md']
  assert.match(text, /without an interval/)
  assert.match(text, /This strategy gives no interval\./)
  assert.match(text, /no residuals to show/)
  assert.match(text, /\| surface \| L = E \+ A \/ N\^alpha \+ B \/ D\^beta \| E 2\.20, A 400/)
})

test('runs that diverged, that were there before and that were refused are told', () => {
  const text = renderCampaign(full)['report.md']
  assert.match(
    text,
    /Not in the fit: 1 \(loss of 7 nats or more\) and 1 \(diverged\) of 23 runs, [\d.]+ % of the FLOPs\. They showed/,
  )
  assert.match(text, /\| before \| was there before \|/)
  assert.match(text, /refused 1 configuration, which cost nothing/)
  assert.equal(text.match(/\| diverged \|/g)?.length, 1)
})

test('where the rate lies beyond the cap, what is measured stands apart from what is inferred, each with its loss', () => {
  const text = renderCampaign(full)['report.md']
  const { loss, atCap } = full.view.result.prediction
  assert.ok(atCap)
  const rows = text.split('\n').filter((line) => /^\| (measured|inferred)/.test(line))
  assert.equal(rows.length, 2)
  assert.ok(rows[0].includes('| 0.001 |') && rows[0].includes(atCap.loss.toFixed(3)), rows[0])
  assert.ok(rows[1].includes('| 0.0012 |') && rows[1].includes(loss.toFixed(3)), rows[1])
  assert.match(text, /The higher rate is expected to gain 0\.004 nats \(95 % interval -0\.001 to 0\.012\)/)
  assert.doesNotMatch(renderCampaign(plain)['report.md'], /\| (measured|inferred)/)
})

test('the same campaign gives the same bytes', () => {
  assert.deepEqual(renderCampaign(full), renderCampaign(full))
})
