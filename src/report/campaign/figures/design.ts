import * as Plot from '@observablehq/plot'
import type { CampaignView, ViewedRun } from '../../../campaign/view.ts'
import { parameterTokens } from '../../../core/flops.ts'
import type { ShortForecast } from '../../../plan/strategy.ts'
import { type Axis, logAxis } from '../../draw/axis.ts'
import { element } from '../../draw/element.ts'
import { type Figure, onePanel } from '../../draw/figure.ts'
import { type DrawMark, type Label, pointLabels, topLabels } from '../../draw/labels.ts'
import { gridOnShade, shaded } from '../../draw/marks.ts'
import { type Mark, scalesOf } from '../../draw/panel.ts'
import { ink, lawInk, muted, truthColor } from '../../draw/style.ts'
import { compact, significant, withInterval } from '../../number.ts'
import { joined } from '../../prose.ts'
import { words } from '../../words/words.ts'
import { isTrained, largestBudget, truthOf, valley } from '../facts.ts'
import { runDiscs, runMarks, runPlaces } from './run-marks.ts'

const height = 500
/** Hoffmann et al. 2022: a common rule, as a line to compare with. */
const usualTokensPerParameter = 20

interface Axes {
  readonly x: Axis
  readonly y: Axis
}

function axesOf(view: CampaignView): Axes {
  const { runs, estimate, task } = view
  const sizes = [...runs.map(({ parameters }) => parameters), ...expectedSizes(estimate), ...trueSizes(view)]
  const flops = [...runs.map(({ config }) => config.trainFlops), task.target]
  return {
    x: logAxis(words().axes.compute, flops, { pad: 0.045 }),
    y: logAxis(words().axes.coreParameters, sizes, { pad: 0.05 }),
  }
}

/** The size expected at the target and the ends of its interval. */
const expectedSizes = (estimate: ShortForecast | null): number[] =>
  estimate === null ? [] : [estimate.parameters, ...(estimate.interval.parameters ?? [])]

const trueSizes = (view: CampaignView): number[] => {
  const truth = truthOf(view)
  return truth ? [truth.parameters] : []
}

/** Grey where no run was made, and the target's line. */
function background({ runs, task: { target } }: CampaignView, { x, y }: Axes): Mark[] {
  const from = largestBudget(runs)
  return [
    ...(target > from ? [shaded(from, x, y), gridOnShade(y)] : []),
    Plot.ruleX([target], { stroke: muted, strokeWidth: 1, strokeDasharray: '1 3' }),
    topLabels([{ x: target, text: words().axes.target(compact(target)), color: muted }]),
  ]
}

interface Point {
  readonly x: number
  readonly y: number
}

/** The rule of twenty tokens a parameter, within the axes. */
function usualLine({ x, y }: Axes): Point[] {
  const at = (C: number) => Math.sqrt(parameterTokens(C) / usualTokensPerParameter)
  return Array.from({ length: 61 }, (_, k) => x.domain[0] * (x.domain[1] / x.domain[0]) ** (k / 60))
    .map((C) => ({ x: C, y: at(C) }))
    .filter(({ y: N }) => N >= y.domain[0] && N <= y.domain[1])
}

/** The best sizes of the fitted law, as far as they lie inside its profiles. */
const bestSizes = ({ evidence }: CampaignView): Point[] =>
  (evidence?.profiles ?? []).flatMap(({ flops, points }) => {
    const best = valley(points)
    return best ? [{ x: flops, y: best.parameters }] : []
  })

/** The predicted size on the target's line: its interval as a bar with ends, and the true size as a diamond. */
const targetMark =
  (view: CampaignView, { parameters, interval }: ShortForecast): DrawMark =>
  (_, scales, __, ___, { document }) => {
    const x = scales.x(view.task.target)
    const group = element(document, 'g', { 'aria-label': 'prediction', fill: 'none', stroke: ink })
    const draw = (name: string, attributes: Record<string, string | number>) =>
      group.append(element(document, name, attributes))
    if (interval.parameters) {
      const [low, high] = interval.parameters.map(scales.y)
      draw('path', {
        d: `M${x - 10},${low}H${x + 10}M${x - 10},${high}H${x + 10}M${x},${low}V${high}`,
        'stroke-width': 2,
      })
    }
    for (const y of trueSizes(view).map(scales.y))
      draw('path', {
        d: `M${x},${y - 7}L${x + 6},${y}L${x},${y + 7}L${x - 6},${y}Z`,
        stroke: truthColor,
        'stroke-width': 2,
      })
    draw('circle', { cx: x, cy: scales.y(parameters), r: 3.6, fill: ink, stroke: '#fff' })
    return group
  }

function labelsOf(view: CampaignView, usual: readonly Point[], best: readonly Point[]): Label[] {
  const { estimate, task } = view
  const truth = truthOf(view)
  const labels: (Label | null)[] = [
    estimate && {
      x: task.target,
      y: estimate.parameters,
      text: `N ${withInterval(estimate.parameters, estimate.interval.parameters)}`,
    },
    truth
      ? {
          x: task.target,
          y: truth.parameters,
          text: words().campaignFigures.design.trueBest(significant(truth.parameters)),
          color: truthColor,
        }
      : null,
    best.length > 1
      ? {
          ...best[Math.floor(best.length / 2)],
          along: best.slice(1, -1),
          text: words().campaignFigures.design.lawsBest,
          color: lawInk,
        }
      : null,
    usual.length > 1
      ? {
          ...usual[Math.floor(usual.length * 0.75)],
          along: usual.filter((_, k) => k % 4 === 2),
          text: words().campaignFigures.design.usual(usualTokensPerParameter),
          color: muted,
        }
      : null,
  ]
  return labels.filter((label) => label !== null)
}

/** Places of the prediction and its interval, which labels should leave free. */
const targetPlaces = ({ estimate, task }: CampaignView) =>
  expectedSizes(estimate).map((y) => ({ x: task.target, y, weight: 200 }))

/** What each kind of mark means, of the kinds that there are. */
function legend({ runs }: CampaignView): string {
  const has = (test: (run: ViewedRun) => boolean) => runs.some((run) => isTrained(run) && test(run))
  const diverged = runs.filter((run) => !isTrained(run)).length
  const say = words().campaignFigures.design
  return joined(
    has(({ round }) => round === 0) && say.first,
    has(({ round }) => round > 0) && say.later,
    has(({ round }) => round < 0) && say.given,
    diverged > 0 && say.diverged(diverged),
  )
}

export const design: Figure<CampaignView> = {
  name: 'design',
  get title() {
    return words().campaignFigures.design.title
  },
  caption(view) {
    const { estimate, task } = view
    const say = words().campaignFigures.design
    return joined(
      say.caption,
      legend(view),
      estimate && say.predicted(compact(task.target), estimate.interval.parameters !== null, truthOf(view) !== null),
      bestSizes(view).length > 1 && say.dashed,
      say.dotted(usualTokensPerParameter),
    )
  },
  alt: ({ runs, task, estimate }) => words().campaignFigures.design.alt(runs.length, estimate && compact(task.target)),
  places({ runs }, { parts: [{ content }] }) {
    if (typeof content === 'function') return []
    return runPlaces(runs, scalesOf(content)).map((place, run) => ({ run, ...place }))
  },
  draw(view) {
    const { runs, estimate } = view
    if (runs.length === 0) return null
    const axes = axesOf(view)
    const usual = usualLine(axes)
    const best = bestSizes(view)
    const obstacles = [...[...usual, ...best].map((point) => ({ ...point, weight: 5 })), ...targetPlaces(view)]
    return onePanel({
      height,
      margin: { top: 44, right: 16, bottom: 52, left: 60 },
      ...axes,
      marks: [
        ...background(view, axes),
        Plot.line(usual, { x: 'x', y: 'y', stroke: muted, strokeWidth: 1.2, strokeDasharray: '1 4' }),
        Plot.line(best, { x: 'x', y: 'y', stroke: lawInk, strokeWidth: 1.4, strokeDasharray: '6 4' }),
        runMarks(runs),
        estimate && targetMark(view, estimate),
        pointLabels(labelsOf(view, usual, best), obstacles, 'any', runDiscs(runs, 60)),
      ],
    })
  },
}
