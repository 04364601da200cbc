import * as Plot from '@observablehq/plot'
import type { Milestone } from '../../../campaign/campaign.ts'
import type { CampaignView } from '../../../campaign/view.ts'
import type { Interval } from '../../../core/interval.ts'
import { type Axis, linearAxis, logAxis } from '../../draw/axis.ts'
import type { Figure } from '../../draw/figure.ts'
import { type Label, pointLabels } from '../../draw/labels.ts'
import type { Panel } from '../../draw/panel.ts'
import { figureWidth, ink, lawColor, truthColor } from '../../draw/style.ts'
import { compact, nats, significant, withInterval } from '../../number.ts'
import { joined } from '../../prose.ts'
import { words } from '../../words/words.ts'
import { truthOf } from '../facts.ts'

const height = 300

interface Step {
  readonly x: number
  readonly value: number
  readonly low: number
  readonly high: number
}

/** One quantity of the estimate, as it was expected at each milestone. */
function stepsOf(
  history: readonly Milestone[],
  value: (milestone: Milestone) => number,
  interval: (milestone: Milestone) => Interval | null,
): Step[] {
  return history.map((milestone) => {
    const at = value(milestone)
    const [low, high] = interval(milestone) ?? [at, at]
    return { x: milestone.spentFlops, value: at, low, high }
  })
}

function panelOf(steps: readonly Step[], x: Axis, y: Axis, truth: number | null, format: (x: number) => string): Panel {
  const end = steps[steps.length - 1]
  const labels: (Label | null)[] = [
    { x: end.x, y: end.value, text: format(end.value) },
    truth === null
      ? null
      : {
          x: x.domain[0] + (x.domain[1] - x.domain[0]) * 0.06,
          y: truth,
          text: words().campaignFigures.funnel.truth(format(truth)),
          color: truthColor,
        },
  ]
  return {
    width: figureWidth / 2,
    height,
    margin: { top: 34, right: 22, bottom: 52, left: 62 },
    x,
    y,
    marks: [
      Plot.areaY(steps, { x: 'x', y1: 'low', y2: 'high', fill: lawColor, fillOpacity: 0.25 }),
      truth === null ? null : Plot.ruleY([truth], { stroke: truthColor, strokeWidth: 1.6, strokeDasharray: '6 4' }),
      Plot.ruleX(steps, { x: 'x', y1: 'low', y2: 'high', stroke: lawColor, strokeWidth: 1.6 }),
      Plot.line(steps, { x: 'x', y: 'value', stroke: ink, strokeWidth: 1.8 }),
      Plot.dot(steps, { x: 'x', y: 'value', r: 3.4, fill: ink, stroke: '#fff' }),
      pointLabels(
        labels.filter((label) => label !== null),
        steps.flatMap(({ x: at, value, low, high }) => [low, value, high].map((y) => ({ x: at, y, weight: 20 }))),
      ),
    ],
  }
}

const lossSteps = ({ history }: CampaignView) =>
  stepsOf(
    history,
    ({ estimate }) => estimate.loss,
    ({ estimate }) => estimate.interval.loss,
  )
const sizeSteps = ({ history }: CampaignView) =>
  stepsOf(
    history,
    ({ estimate }) => estimate.parameters,
    ({ estimate }) => estimate.interval.parameters,
  )

const ends = (steps: readonly Step[]): number[] => steps.flatMap(({ value, low, high }) => [value, low, high])

/** What was expected at the target after so many FLOPs: how each round narrowed it. */
export const funnel: Figure<CampaignView> = {
  name: 'funnel',
  get title() {
    return words().campaignFigures.funnel.title
  },
  caption(view) {
    const { task } = view
    const say = words().campaignFigures.funnel
    return joined(say.caption(compact(task.target)), truthOf(view) !== null && say.dashed)
  },
  alt({ history, task }) {
    const [first, last] = [history[0], history[history.length - 1]]
    const say = ({ estimate }: Milestone) => withInterval(estimate.loss, estimate.interval.loss, nats)
    return words().campaignFigures.funnel.alt(
      compact(task.target),
      history.length,
      first ? [say(first), say(last)] : null,
    )
  },
  table: ({ history }) => ({
    columns: [words().campaignFigures.funnel.spent, words().axes.loss('nats/token'), words().axes.coreParameters],
    rows: history.map(({ spentFlops, estimate: { loss, parameters, interval } }) => [
      compact(spentFlops),
      withInterval(loss, interval.loss, nats),
      withInterval(parameters, interval.parameters),
    ]),
  }),
  draw(view) {
    if (view.history.length < 2) return null
    const [losses, sizes] = [lossSteps(view), sizeSteps(view)]
    const truth = truthOf(view)
    const spent = linearAxis(words().campaignFigures.funnel.spent, [0, ...losses.map(({ x }) => x)], {
      pad: 0.04,
      most: 5,
    })
    const x: Axis = { ...spent, format: (C) => compact(C) }
    const loss = linearAxis(words().axes.loss('nats/token'), [...ends(losses), ...(truth ? [truth.loss] : [])])
    const size = logAxis(words().axes.coreParameters, [...ends(sizes), ...(truth ? [truth.parameters] : [])], {
      pad: 0.06,
    })
    return {
      height,
      parts: [
        { x: 0, y: 0, content: panelOf(losses, x, loss, truth?.loss ?? null, nats) },
        { x: figureWidth / 2, y: 0, content: panelOf(sizes, x, size, truth?.parameters ?? null, significant) },
      ],
    }
  },
}
