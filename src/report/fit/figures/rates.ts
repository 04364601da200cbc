import * as Plot from '@observablehq/plot'
import type { Tuned } from '../../../fit/result.ts'
import type { Sweep } from '../../../fit/tuned/result.ts'
import { linearAxis, logAxis } from '../../draw/axis.ts'
import { type Figure, onePanel } from '../../draw/figure.ts'
import { pointLabels } from '../../draw/labels.ts'
import { budgetColor, budgetSymbols, ink } from '../../draw/style.ts'
import { thin } from '../../draw/thin.ts'
import { compact, exponent, nats, withInterval } from '../../number.ts'
import { joined } from '../../prose.ts'
import { words } from '../../words/words.ts'
import type { Findings } from '../findings.ts'
import { formulaText } from '../joint-words.ts'

/** More sweeps than this cover each other; the rest is left out evenly. */
const mostSweeps = 8
const height = 540
/** Losses this far above the lowest of a sweep, as a share, are cut off: what matters is near the best rate. */
const mostAbove = 0.06

const sweepsOf = ({ joint }: Tuned): readonly Sweep[] => joint?.sweeps ?? []

/** A sweep near its best, as points and curve. */
function near({ seen, curve, best, ...sweep }: Sweep) {
  const lowest = Math.min(...seen.map(({ loss }) => loss), best.loss)
  const isNear = ({ loss }: { readonly loss: number }) => loss < lowest * (1 + mostAbove)
  return { ...sweep, best, seen: seen.filter(isNear), curve: curve.filter(isNear) }
}

export const rates: Figure<Findings<Tuned>> = {
  name: 'rates',
  get title() {
    return words().fitFigures.rates.title
  },
  caption({ analysis }) {
    const all = sweepsOf(analysis).length
    const formula = analysis.joint?.rate
    const { parameters, tokens } = formula ?? {}
    const say = words().fitFigures.rates
    const best =
      formula && parameters && tokens
        ? say.formula(
            formulaText(formula),
            withInterval(parameters.value, parameters.interval, exponent),
            withInterval(tokens.value, tokens.interval, exponent),
          )
        : say.joined
    return joined(words().joint.sweepCaption, say.caption(best), all > mostSweeps ? say.notDrawn(all - mostSweeps) : '')
  },
  alt: ({ analysis }) => words().fitFigures.rates.alt(Math.min(mostSweeps, sweepsOf(analysis).length)),
  table: ({ analysis }) => ({
    columns: [
      'N',
      'D',
      words().fitFigures.rates.lowest,
      words().fitFigures.rates.best,
      words().fitFigures.rates.bestLoss,
    ],
    rows: sweepsOf(analysis).map(({ parameters, tokens, seen, best }) => {
      const lowest = seen.reduce((a, b) => (b.loss < a.loss ? b : a), seen[0])
      return [compact(parameters), compact(tokens), compact(lowest.rate), compact(best.rate), nats(best.loss)]
    }),
  }),
  draw({ analysis }) {
    const chosen = thin(sweepsOf(analysis), mostSweeps).map(near)
    if (chosen.length === 0) return null
    const last = Math.max(1, chosen.length - 1)
    const shown = chosen.map((sweep, k) => ({
      ...sweep,
      color: budgetColor(k / last),
      symbol: budgetSymbols[k % budgetSymbols.length],
    }))
    const all = shown.flatMap(({ seen, curve, best }) => [...seen, ...curve, best])
    const place = { x: 'rate', y: 'loss' }
    const obstacles = shown.flatMap(({ seen, curve }) => [
      ...seen.map(({ rate, loss }) => ({ x: rate, y: loss, weight: 60 })),
      ...curve.map(({ rate, loss }) => ({ x: rate, y: loss, weight: 6 })),
    ])
    const labels = shown.flatMap(({ parameters, tokens, curve, seen, color }) => {
      const end = curve.at(-1) ?? seen.at(-1)
      return end ? [{ x: end.rate, y: end.loss, text: `${compact(parameters)}, ${compact(tokens)}`, color }] : []
    })
    return onePanel({
      height,
      margin: { top: 30, right: 136, bottom: 52, left: 52 },
      x: logAxis(
        words().fitFigures.rates.axis,
        all.map(({ rate }) => rate),
      ),
      y: linearAxis(
        words().axes.loss(analysis.joint?.lossUnit ?? 'nats/token'),
        all.map(({ loss }) => loss),
      ),
      marks: [
        Plot.line(
          shown.map(({ best }) => best),
          { ...place, stroke: ink, strokeWidth: 0.9, strokeDasharray: '4 3' },
        ),
        ...shown.flatMap(({ seen, curve, best, color, symbol }) => [
          Plot.line(curve, { ...place, stroke: color, strokeWidth: 1.8 }),
          Plot.dot(seen, { ...place, symbol, r: 2.6, fill: color }),
          Plot.dot([best], { ...place, r: 6, fill: '#fff', stroke: color, strokeWidth: 2 }),
        ]),
        pointLabels(labels, obstacles, 'right'),
      ],
    })
  },
}
