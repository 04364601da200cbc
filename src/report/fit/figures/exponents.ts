import * as Plot from '@observablehq/plot'
import type { Comparison, SurfaceRegions } from '../../../fit/result.ts'
import { publishedSurfaces } from '../../../law/published.ts'
import type { SurfaceLaw } from '../../../law/surface.ts'
import { type Axis, extent, linearAxis } from '../../draw/axis.ts'
import { element } from '../../draw/element.ts'
import { type Figure, onePanel } from '../../draw/figure.ts'
import { type DrawMark, type Label, pointLabels, textWidth } from '../../draw/labels.ts'
import type { Mark } from '../../draw/panel.ts'
import { ink, muted } from '../../draw/style.ts'
import { exponent, percent } from '../../number.ts'
import { joined } from '../../prose.ts'
import { words } from '../../words/words.ts'
import { resultOf } from '../facts.ts'
import type { Findings } from '../findings.ts'
import { methodInk, methodStyles } from '../methods.ts'

const height = 520
/** Exponents at least this far on either side of the fitted pair are shown. */
const leastReach = 0.02
/** The region is followed to a factor of e^2; a point there means that it goes on. */
const searchEnd = Math.exp(1.99)

type Pair = Pick<SurfaceLaw, 'alpha' | 'beta'>

/** Where the pairs coincide, each is still seen under the next. */
const markSize = { triangle: 8, diamond: 5.5, square: 7, circle: 4.5, times: 9 } as const

interface Named extends Pair {
  readonly name: string
  readonly symbol: keyof typeof markSize
  readonly fill: string
  readonly stroke: string
  readonly ink: string
}

const mark = (name: string, { alpha, beta }: Pair, look: Omit<Named, 'name' | 'alpha' | 'beta'>): Named => ({
  name,
  alpha,
  beta,
  ...look,
})

/** The additive surface, whose exponents the region is about. */
const surfaceOf = (analysis: Comparison): SurfaceLaw | null => resultOf(analysis, 'surface')?.law ?? null

/** The pairs of exponents to draw, the fitted ones last, on top. */
function pairsOf(analysis: Comparison, truth: SurfaceLaw | null | undefined): Named[] {
  const surface = surfaceOf(analysis)
  const huber = resultOf(analysis, 'huber')?.law
  const norm = resultOf(analysis, 'norm')?.law
  const published = { symbol: 'diamond', fill: '#fff', stroke: muted, ink: muted } as const
  const blue = methodInk('surface')
  const dark = methodStyles.huber.color
  return [
    ...publishedSurfaces.map(({ name, law }) => mark(name, law, published)),
    ...(truth
      ? [mark(words().fitFigures.exponents.truth, truth, { symbol: 'times', fill: 'none', stroke: ink, ink })]
      : []),
    ...(norm
      ? [mark('norm', norm, { symbol: 'triangle', fill: '#fff', stroke: methodInk('norm'), ink: methodInk('norm') })]
      : []),
    ...(huber ? [mark('huber', huber, { symbol: 'square', fill: 'none', stroke: dark, ink: dark })] : []),
    ...(surface ? [mark('surface', surface, { symbol: 'circle', fill: blue, stroke: '#fff', ink: blue })] : []),
  ]
}

/** Axes around all that is shown; a region without end is cut off at three times the fitted exponents. */
function axesOf(analysis: SurfaceRegions, pairs: readonly Pair[], fitted: Pair): { x: Axis; y: Axis } {
  const line = analysis.region?.line ?? []
  const axis = (key: keyof Pair, label: string) => {
    const center = fitted[key]
    const reach = extent(line.map((pair) => Math.min(pair[key], 3 * center))) ?? [center, center]
    const values = [...pairs.map((pair) => pair[key]), ...reach, center - leastReach, center + leastReach]
    return { ...linearAxis(label, values, { pad: 0.08, most: 8 }) }
  }
  return { x: axis('alpha', words().fitFigures.exponents.alpha), y: axis('beta', words().fitFigures.exponents.beta) }
}

const endless = (line: readonly Pair[], fitted: Pair): boolean =>
  line.some(({ alpha, beta }) =>
    [alpha / fitted.alpha, beta / fitted.beta].some((factor) => factor > searchEnd || factor < 1 / searchEnd),
  )

/** Narrower than a marker on both axes. */
function tiny(line: readonly Pair[], { x, y }: { x: Axis; y: Axis }): boolean {
  const share = (key: keyof Pair, { domain }: Axis) => {
    const [low, high] = extent(line.map((pair) => pair[key])) ?? [0, 0]
    return (high - low) / (domain[1] - domain[0])
  }
  return share('alpha', x) < 0.015 && share('beta', y) < 0.02
}

/** Lines of equal a = beta / (alpha + beta), the exponent of N, which meet at the origin. */
function isoLines({ domain: [left, right] }: Axis, { domain: [bottom, top] }: Axis) {
  const corners = [bottom / (left + bottom), bottom / (right + bottom), top / (left + top), top / (right + top)]
  const [low, high] = extent(corners.filter((a) => a > 0 && a < 1)) ?? [0.5, 0.5]
  const step = [0.01, 0.02, 0.05, 0.1, 0.2].find((candidate) => (high - low) / candidate <= 7) ?? 0.5
  const count = Math.floor(high / step) - Math.ceil(low / step) + 1
  const values = Array.from({ length: Math.max(0, count) }, (_, k) => (Math.ceil(low / step) + k) * step)
  return values.flatMap((a) => {
    const slope = a / (1 - a)
    const from = Math.max(left, bottom / slope, 0)
    const to = Math.min(right, top / slope)
    return from < to ? [{ a, from: { x: from, y: from * slope }, to: { x: to, y: to * slope }, atTop: to < right }] : []
  })
}

function isoMarks(x: Axis, y: Axis): Mark[] {
  const lines = isoLines(x, y)
  const label = { x: 'x', y: 'y', text: 'text', fill: muted, fontSize: 11 } as const
  const ends = lines.map(({ a, to, atTop }) => ({ ...to, text: `a = ${a.toFixed(2)}`, atTop }))
  return [
    Plot.link(lines, {
      x1: ({ from }) => from.x,
      y1: ({ from }) => from.y,
      x2: ({ to }) => to.x,
      y2: ({ to }) => to.y,
      stroke: '#c4c4c4',
      strokeWidth: 0.9,
    }),
    namesAbove(ends.filter(({ atTop }) => atTop)),
    Plot.text(
      ends.filter(({ atTop }) => !atTop),
      { ...label, dx: 6, textAnchor: 'start' },
    ),
  ]
}

/** What the lines that leave through the top are: as many as have room beside each other. */
const namesAbove =
  (ends: readonly Label[]): DrawMark =>
  (_, { x, y }, __, ___, { document }) => {
    let end = Number.NEGATIVE_INFINITY
    const names = ends
      .map((one) => ({ ...one, middle: x(one.x), half: textWidth(one.text, 11) / 2 }))
      .sort((a, b) => a.middle - b.middle)
      .filter(({ middle, half }) => {
        if (middle - half < end) return false
        end = middle + half + 4
        return true
      })
    return element(
      document,
      'g',
      { fill: muted, 'font-size': 11, 'text-anchor': 'middle' },
      ...names.map(({ text, middle, y: at }) => element(document, 'text', { x: middle, y: y(at) - 4 }, text)),
    )
  }

export const exponents: Figure<Findings<Comparison & SurfaceRegions>> = {
  name: 'exponents',
  get title() {
    return words().fitFigures.exponents.title
  },
  caption({ analysis }) {
    const fitted = surfaceOf(analysis)
    const { region } = analysis
    if (fitted === null || region === null) return ''
    const shown = axesOf(analysis, pairsOf(analysis, null), fitted)
    const say = words().fitFigures.exponents
    return joined(
      say.caption(percent(region.confidence), exponent(fitted.alpha), exponent(fitted.beta)),
      tiny(region.line, shown) && say.tiny,
      endless(region.line, fitted) && say.endless,
      say.lines,
    )
  },
  alt: ({ analysis }) => {
    const fitted = surfaceOf(analysis)
    const pair = fitted ? `alpha ${exponent(fitted.alpha)}, beta ${exponent(fitted.beta)}` : ''
    return words().fitFigures.exponents.alt(pair)
  },
  table: ({ analysis, truth }) => ({
    columns: [words().fitFigures.exponents.law, 'alpha', 'beta'],
    rows: pairsOf(analysis, truth).map(({ name, alpha, beta }) => [name, exponent(alpha), exponent(beta)]),
  }),
  draw({ analysis, truth }) {
    const fitted = surfaceOf(analysis)
    if (fitted === null || analysis.region === null) return null
    const pairs = pairsOf(analysis, truth)
    const { x, y } = axesOf(analysis, pairs, fitted)
    const clamp = (value: number, [low, high]: Axis['domain']) => Math.min(Math.max(value, low), high)
    const line = analysis.region.line.map(({ alpha, beta }) => ({
      x: clamp(alpha, x.domain),
      y: clamp(beta, y.domain),
    }))
    const labels: Label[] = pairs
      .toReversed()
      .map(({ name, alpha, beta, ink: color }) => ({ x: alpha, y: beta, text: name, color }))
    // Corners are farther from the middle than a circle's rim.
    const places = pairs.map(({ alpha, beta, symbol }) => ({
      ...{ x: alpha, y: beta, weight: 60 },
      r: (symbol === 'circle' ? 1 : 1.8) * markSize[symbol],
    }))
    const fill = methodStyles.surface.color
    return onePanel({
      height,
      margin: { top: 46, right: 66, bottom: 52, left: 60 },
      x,
      y,
      marks: [
        ...isoMarks(x, y),
        Plot.line(line, {
          x: 'x',
          y: 'y',
          fill,
          fillOpacity: 0.25,
          stroke: methodInk('surface'),
          curve: 'catmull-rom-closed',
          strokeWidth: 1.4,
        }),
        ...pairs.map((pair) =>
          Plot.dot([pair], {
            x: 'alpha',
            y: 'beta',
            r: markSize[pair.symbol],
            symbol: pair.symbol,
            fill: pair.fill,
            stroke: pair.stroke,
            strokeWidth: pair.symbol === 'circle' ? 1.2 : 1.8,
          }),
        ),
        pointLabels(labels, [...line, ...places], 'inside'), // around stand the exponents of the grey lines
      ],
    })
  },
}
