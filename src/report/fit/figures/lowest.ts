import * as Plot from '@observablehq/plot'
import { lowestRun } from '../../../fit/profile.ts'
import type { Comparison, Profiled, Scope } from '../../../fit/result.ts'
import { logAxis } from '../../draw/axis.ts'
import { type Figure, onePanel } from '../../draw/figure.ts'
import { endLabels } from '../../draw/labels.ts'
import { compact, significant } from '../../number.ts'
import { joined } from '../../prose.ts'
import { words } from '../../words/words.ts'
import { answerBudget, largestBudget, leaderOf } from '../facts.ts'
import type { Findings } from '../findings.ts'
import { methodInk, methodStyle } from '../methods.ts'
import { computeAxis, computeBackground, methodLines, stroke } from './compute.ts'

const height = 380

type Subject = Scope & Comparison & Profiled

/** The lowest run of each budget, which is all that the handout's recipe looks at. */
export const lowestPoints = ({ runs, profiles }: Subject): { x: number; y: number }[] =>
  profiles.flatMap(({ profile }) => {
    const i = lowestRun(runs, profile)
    return i < 0 ? [] : [{ x: profile.budget, y: runs.parameters[i] }]
  })

const isRecipe = (method: string): boolean => method.startsWith('lowest-')

/** The lines through those points, and the one that leads. */
function linesOf(analysis: Subject) {
  const leader = leaderOf(analysis)?.method
  return methodLines(analysis).filter(({ result: { method } }) => isRecipe(method) || method === leader)
}

export const lowest: Figure<Findings<Subject>> = {
  name: 'lowest',
  get title() {
    return words().fitFigures.lowest.title
  },
  caption({ analysis }) {
    const say = words().fitFigures.lowest
    const leader = leaderOf(analysis)?.method
    return joined(
      say.caption,
      leader !== undefined && !isRecipe(leader) && say.leader(leader),
      answerBudget(analysis) > largestBudget(analysis) && words().axes.beyondRuns,
    )
  },
  alt: ({ analysis }) => words().fitFigures.lowest.alt(lowestPoints(analysis).length),
  table: ({ analysis }) => ({
    columns: [words().axes.compute, words().axes.parameters],
    rows: lowestPoints(analysis).map(({ x, y }) => [compact(x), significant(y)]),
  }),
  draw({ analysis }) {
    const lines = linesOf(analysis)
    const points = lowestPoints(analysis)
    if (points.length === 0 || !lines.some(({ result }) => isRecipe(result.method))) return null
    const values = [
      ...lines.flatMap((line) => line.points.map(({ parameters }) => parameters)),
      ...points.map(({ y }) => y),
    ]
    const x = computeAxis(analysis)
    const y = logAxis(words().axes.parameters, values, { most: 7 })
    const labels = lines.map(({ result: { method }, points: along }) => {
      const { flops, parameters } = along[along.length - 1]
      return { x: flops, y: parameters, text: `${method} ${significant(parameters)}`, color: methodInk(method) }
    })
    return onePanel({
      height,
      margin: { top: 46, right: 150, bottom: 52, left: 60 },
      x,
      y,
      marks: [
        ...computeBackground(analysis, x, y, true),
        ...lines.map(({ result, points: along }) =>
          Plot.line(along, { x: 'flops', y: 'parameters', ...stroke(methodStyle(result.method)) }),
        ),
        Plot.dot(points, { x: 'x', y: 'y', r: 4, fill: '#000', stroke: '#fff' }),
        endLabels(labels),
      ],
    })
  },
}
