import * as Plot from '@observablehq/plot'
import type { FittedRepeats } from '../../../fit/repeats/result.ts'
import type { Repeated, Scope } from '../../../fit/result.ts'
import { logAxis } from '../../draw/axis.ts'
import { type Figure, onePanel } from '../../draw/figure.ts'
import { pointLabels } from '../../draw/labels.ts'
import { gridOnShade, shaded } from '../../draw/marks.ts'
import { ink, lawColor, lawInk, muted } from '../../draw/style.ts'
import { thin } from '../../draw/thin.ts'
import { percent, significant, withInterval } from '../../number.ts'
import { joined } from '../../prose.ts'
import { words } from '../../words/words.ts'
import type { Findings } from '../findings.ts'
import { limitText } from '../repeats-words.ts'

const height = 500
/** Rows of the table that has what the line shows. */
const tableRows = 9
/** Single runs beyond this many times the law's worth, or under one in so many, are not drawn. */
const outside = 4

const fittedOf = ({ repeats }: Repeated): FittedRepeats | null => (repeats?.kind === 'fitted' ? repeats : null)

/** The runs that are drawn: near enough to the law that the axis has place for them. */
function shownRuns({ seen, tokens, law }: FittedRepeats) {
  const expected = (epochs: number) => 1 - law.tokens * Math.expm1((1 - epochs) / law.tokens)
  return tokens.kind === 'open'
    ? []
    : seen.filter(({ epochs, worth }) => Math.abs(Math.log(worth / expected(epochs))) < Math.log(outside))
}

/** Up to which epoch repeated tokens are worth most and half of fresh ones. */
function sharesText(analysis: Repeated): string {
  const fitted = fittedOf(analysis)
  if (fitted === null) return ''
  const [most, half] = fitted.worth
  return words().repeats.worthFigure.shares(
    percent(most.share),
    limitText(most.last),
    percent(half.share),
    limitText(half.last),
  )
}

export const repeatsWorth: Figure<Findings<Scope & Repeated>> = {
  name: 'repeats-worth',
  get title() {
    return words().repeats.worthFigure.title
  },
  caption({ analysis }) {
    const fitted = fittedOf(analysis)
    if (fitted === null) return ''
    const left = fitted.seen.length - shownRuns(fitted).length
    const say = words().repeats.worthFigure
    return joined(
      say.caption(percent(analysis.bootstrap.confidence)),
      say.dots,
      sharesText(analysis),
      left > 0 && say.left(left),
    )
  },
  alt: ({ analysis }) => joined(words().repeats.worthFigure.alt, sharesText(analysis)),
  table({ analysis }) {
    const { x, y } = words().repeats.worthFigure
    const curve = fittedOf(analysis)?.curve ?? []
    return {
      columns: [x, y],
      rows: thin(curve, tableRows).map(({ epochs, value, low, high }) => [
        significant(epochs),
        withInterval(value, [low, high]),
      ]),
    }
  },
  draw({ analysis }) {
    const fitted = fittedOf(analysis)
    if (fitted === null) return null
    const { curve, mostEpochs } = fitted
    const runs = shownRuns(fitted)
    const last = curve[curve.length - 1]
    const x = logAxis(
      words().repeats.worthFigure.x,
      curve.map(({ epochs }) => epochs),
    )
    const y = logAxis(words().repeats.worthFigure.y, [
      ...curve.flatMap(({ low, high }) => [low, high]),
      ...runs.map(({ worth }) => worth),
      0.9,
    ])
    const fresh = [1, Math.min(last.epochs, y.domain[1])].map((epochs) => ({ epochs, value: epochs }))
    const labels = [
      { x: last.epochs, y: last.value, text: words().repeats.worthFigure.law(significant(last.value)), color: lawInk },
      { x: fresh[1].epochs, y: fresh[1].value, text: words().repeats.worthFigure.asFresh, color: muted },
    ]
    return onePanel({
      height,
      margin: { top: 30, right: 96, bottom: 52, left: 56 },
      x,
      y,
      marks: [
        ...(mostEpochs < last.epochs ? [shaded(mostEpochs, x, y), gridOnShade(y)] : []),
        Plot.areaY(curve, { x: 'epochs', y1: 'low', y2: 'high', fill: lawColor, fillOpacity: 0.22 }),
        Plot.line(fresh, { x: 'epochs', y: 'value', stroke: muted, strokeDasharray: '5 4' }),
        Plot.dot(runs, { x: 'epochs', y: 'worth', r: 2.6, fill: ink, fillOpacity: 0.55 }),
        Plot.line(curve, { x: 'epochs', y: 'value', stroke: lawColor, strokeWidth: 2.2 }),
        pointLabels(
          labels,
          curve.map(({ epochs, value }) => ({ x: epochs, y: value, weight: 6 })),
          'right',
        ),
      ],
    })
  },
}
