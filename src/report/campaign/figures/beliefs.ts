import * as Plot from '@observablehq/plot'
import type { CampaignView } from '../../../campaign/view.ts'
import { type Axis, linearAxis } from '../../draw/axis.ts'
import { type Figure, onePanel } from '../../draw/figure.ts'
import { endLabels, inTwoLines, textWidth } from '../../draw/labels.ts'
import { budgetColor } from '../../draw/style.ts'
import { compact, percent } from '../../number.ts'
import { words } from '../../words/words.ts'

const height = 260
/** More lines than this cannot be told apart; what is never believed more than a little is left out. */
const mostLaws = 6

interface Line {
  readonly name: string
  readonly color: string
  readonly points: readonly { readonly x: number; readonly y: number }[]
}

/** The form of a law, whatever it counts as size and tokens. */
const formOf = (name: string): string => name.split('; ')[0]

/** How far each form was believed at each milestone, those that mattered most first. */
function linesOf({ history }: CampaignView): Line[] {
  const told = history.filter(({ beliefs }) => beliefs.length > 0)
  const names = [...new Set(told.flatMap(({ beliefs }) => beliefs.map(({ name }) => formOf(name))))]
  const weightOf = (form: string, k: number) =>
    told[k].beliefs.reduce((sum, { name, weight }) => sum + (formOf(name) === form ? weight : 0), 0)
  const lines = names.map((name) => ({
    name,
    points: told.map(({ spentFlops: x }, k) => ({ x, y: weightOf(name, k) })),
  }))
  const most = ({ points }: { points: Line['points'] }) => Math.max(...points.map(({ y }) => y))
  const shown = lines.sort((a, b) => most(b) - most(a)).slice(0, mostLaws)
  return shown.map((line, k) => ({ ...line, color: budgetColor(1 - k / Math.max(1, shown.length - 1)) }))
}

/** Which form of the law was believed how far after so many FLOPs. */
export const beliefs: Figure<CampaignView> = {
  name: 'beliefs',
  get title() {
    return words().campaignFigures.beliefs.title
  },
  caption: (view) => words().campaignFigures.beliefs.caption(linesOf(view).length),
  alt(view) {
    const lines = linesOf(view)
    const last = lines.map(({ name, points }) => `${words().elsewhere(name)} ${percent(points[points.length - 1].y)}`)
    return words().campaignFigures.beliefs.alt(lines.length, last.join(words().marks.comma))
  },
  table(view) {
    const lines = linesOf(view)
    const [first] = lines
    return {
      columns: [words().campaignFigures.funnel.spent, ...lines.map(({ name }) => words().elsewhere(name))],
      rows: (first?.points ?? []).map(({ x }, k) => [
        compact(x),
        ...lines.map(({ points }) => percent(Number(points[k].y.toFixed(2)))),
      ]),
    }
  },
  draw(view) {
    const lines = linesOf(view)
    if (lines.length < 2 || lines[0].points.length < 2) return null
    const spent = linearAxis(words().campaignFigures.funnel.spent, [0, ...lines[0].points.map(({ x }) => x)], {
      pad: 0.03,
      most: 5,
    })
    const x: Axis = { ...spent, format: (C) => compact(C) }
    const share = linearAxis(words().campaignFigures.beliefs.weight, [0, 1], { pad: 0.02, most: 5 })
    const y: Axis = { ...share, format: (p) => percent(p) }
    const labels = lines.map(({ name, color, points }) => ({
      ...points[points.length - 1],
      text: inTwoLines(words().elsewhere(name)),
      color,
    }))
    const right = Math.min(
      160,
      34 + Math.max(...labels.flatMap(({ text }) => text.split('\n').map((line) => textWidth(line)))),
    )
    return onePanel({
      height,
      margin: { top: 34, right, bottom: 52, left: 62 },
      x,
      y,
      marks: [
        ...lines.flatMap(({ color, points }) => [
          Plot.line(points, { x: 'x', y: 'y', stroke: color, strokeWidth: 1.8 }),
          Plot.dot(points, { x: 'x', y: 'y', r: 2.6, fill: color }),
        ]),
        endLabels(labels),
      ],
    })
  },
}
