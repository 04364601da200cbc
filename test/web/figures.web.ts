import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { drawFigure } from '../../src/report/draw/figure.ts'
import { newDocument, svgText } from '../../src/report/draw/svg.ts'
import { noisy } from '../report/analyses.ts'
import { full, interim, plain, tiny } from '../report/campaigns.ts'
import { measured, threeStudents } from '../report/class-spending.ts'
import { analysis as groups } from '../report/groups-analysis.ts'
import { advised, played } from '../report/pools.ts'
import { joint, repeated } from '../report/settings-analyses.ts'
import { blankPage, needsBrowser } from './browser.ts'
import { type Covering, type Drawings, type Form, figuresOf, type Kind } from './drawings.ts'

const { bundleEntry } = (await import(new URL('../../scripts/web.js', import.meta.url).href)) as {
  bundleEntry(entry: string): Promise<string>
}

const textsOf = (kind: Kind, subject: unknown, form: Form): Record<string, string> =>
  Object.fromEntries(
    figuresOf[kind].flatMap((figure) => {
      const svg = drawFigure(figure, subject as never, newDocument(), form)
      return svg === null ? [] : [[figure.name, svgText(svg)]]
    }),
  )

const subjects: [name: string, kind: Kind, subject: unknown][] = [
  ['a whole campaign', 'campaign', full.view],
  ['a campaign without a law', 'campaign', plain.view],
  ['a campaign under way', 'campaign', interim.view],
  ['one run', 'campaign', tiny.view],
  ['a class', 'class', { ...threeStudents, ...measured }],
  ['a fit', 'fit', { analysis: noisy, truth: null }],
  ['a fit of rates and batches', 'fit', { analysis: joint, truth: null }],
  ['a fit of repeated data', 'fit', { analysis: repeated, truth: null }],
  ['several data sets', 'groups', groups],
  ['a choice from a pool', 'pool', played],
  ['what to make next of a pool', 'pool', advised],
]

test('a browser draws every figure as it stands in a report, to a thousandth of a pixel', {
  skip: needsBrowser,
}, async () => {
  const compared = new Set<string>()
  const page = await blankPage(await bundleEntry(fileURLToPath(new URL('drawing-page.ts', import.meta.url))))
  for (const [name, kind, subject] of subjects)
    for (const form of ['draw', 'narrow'] as const) {
      const texts = textsOf(kind, subject, form)
      assert.ok(Object.keys(texts).length > 0 || form === 'narrow', `${name} has no figure`)
      const drawings = await page.evaluate(
        ([kind, subject, form, texts]) => {
          const { compare } = globalThis as unknown as { compare(...what: unknown[]): Drawings[] }
          return compare(kind, subject, form, texts)
        },
        [kind, subject, form, texts] as const,
      )
      assert.deepEqual(
        drawings.map((drawing) => drawing.name),
        Object.keys(texts),
        `${name}, ${form}`,
      )
      for (const { name: figure, here, there } of drawings) {
        assert.deepEqual(here, there, `${figure} of ${name}, ${form}`)
        if (form === 'draw') compared.add(`${kind} ${figure}`)
      }
    }
  const all = Object.entries(figuresOf).flatMap(([kind, figures]) => figures.map(({ name }) => `${kind} ${name}`))
  assert.deepEqual(
    all.filter((figure) => !compared.has(figure)),
    [],
    'no subject has what they show',
  )
})

/** As many runs as a budget buys, close together, each with the number of its round. */
const crowd = {
  ...full.view,
  runs: Array.from({ length: 84 }, (_, k) => {
    const [run, flops] = [full.view.runs[k % 20], [1e15, 3e15, 6e15, 1e16, 3e16, 1e17, 3e17][k % 7]]
    const parameters = 10 ** (6 + 0.1 * Math.floor(k / 7) + 0.3 * Math.log10(flops / 1e15))
    return { ...run, parameters, loss: 4, round: k % 8, config: { ...run.config, trainFlops: flops } }
  }),
}

test('a text beside a mark covers no other text and no mark, and stays in its figure, however wide that is', {
  skip: needsBrowser,
}, async () => {
  const page = await blankPage(await bundleEntry(fileURLToPath(new URL('drawing-page.ts', import.meta.url))))
  for (const [name, kind, subject, only] of [...subjects, ['a crowd', 'campaign', crowd, 'design'] as const])
    for (const width of [328, 800, 1168]) {
      const all = await page.evaluate(
        ([kind, subject, width]) => {
          const { covered } = globalThis as unknown as { covered(...what: unknown[]): Covering[] }
          return covered(kind, subject, width)
        },
        [kind, subject, width] as const,
      )
      const looked = all.filter(({ figure }) => only === undefined || figure === only)
      const faults = looked.filter(({ texts, marks, isCut }) => texts.length > 0 || marks > 0 || isCut)
      assert.deepEqual(faults, [], `${name}, ${width} px`)
      assert.ok(kind === 'pool' || looked.length > 2, name)
    }
})
