import * as Plot from '@observablehq/plot'
import type { PoolView } from '../../../campaign/pool/view.ts'
import { groupBy } from '../../../core/group-by.ts'
import { logAxis } from '../../draw/axis.ts'
import { type Figure, onePanel } from '../../draw/figure.ts'
import { budgetColor, faint, muted, truthColor } from '../../draw/style.ts'
import { thin } from '../../draw/thin.ts'
import { joined } from '../../prose.ts'
import { words } from '../../words/words.ts'

/** More places than this of a pool cover each other. */
const mostPlaces = 3000
const height = 460

interface Place {
  readonly x: number
  readonly y: number
}

interface ChosenPlace extends Place {
  /** Place of the first run there in the order of choosing, from 0 to 1. */
  readonly rank: number
  readonly runs: number
}

const placeOf = ({ parameters, tokens }: { parameters: number; tokens: number }): Place => ({
  x: tokens,
  y: parameters,
})

/** Where runs were bought or are to be made, by the first at each place. */
function chosenOf({ result }: PoolView): ChosenPlace[] {
  const runs = result.kind === 'played' ? result.purchases : result.next
  const last = Math.max(1, runs.length - 1)
  const groups = groupBy(runs.entries(), ([, { parameters, tokens }]) => `${parameters} ${tokens}`)
  return [...groups.values()].map(([[k, run], ...others]) => ({
    ...placeOf(run),
    rank: k / last,
    runs: 1 + others.length,
  }))
}

const countOf = (places: readonly ChosenPlace[]): number => places.reduce((sum, { runs }) => sum + runs, 0)

/** Pixels: the area grows with the runs at one place. */
const radiusOf = ({ runs }: ChosenPlace): number => Math.min(14, 4.5 * Math.sqrt(runs))

function aimsOf({ result: { prediction } }: PoolView): Place[] {
  if (prediction === null) return []
  const { best, target } = prediction
  const own = best ? [{ parameters: best.parameters.value, tokens: best.tokens.value }] : []
  return [...target, ...own].map(placeOf)
}

const isPlayed = ({ result }: PoolView): boolean => result.kind === 'played'

export const places: Figure<PoolView> = {
  name: 'places',
  get title() {
    return words().pool.placesFigure.title
  },
  caption: (view) =>
    joined(
      words().pool.placesFigure.grey,
      words().pool.placesFigure.discs(isPlayed(view)),
      aimsOf(view).length > 0 && words().pool.placesFigure.diamonds,
    ),
  alt: (view) => words().pool.placesFigure.alt(countOf(chosenOf(view)), isPlayed(view)),
  draw(view) {
    const pool = thin(view.pool.places, mostPlaces).map(placeOf)
    const chosen = chosenOf(view)
    const aims = aimsOf(view)
    const all = [...pool, ...chosen, ...aims]
    const place = { x: 'x', y: 'y' }
    const axis = (values: readonly number[], label: string) => logAxis(label, values, { pad: 0.05 })
    return onePanel({
      height,
      margin: { top: 30, right: 16, bottom: 52, left: 60 },
      x: axis(
        all.map(({ x }) => x),
        words().pool.placesFigure.tokens,
      ),
      y: axis(
        all.map(({ y }) => y),
        words().axes.parameters,
      ),
      marks: [
        Plot.dot(pool, { ...place, r: 3, fill: faint, stroke: muted, strokeWidth: 0.5 }),
        Plot.dot(
          chosen.map((run) => ({ ...run, color: budgetColor(run.rank), radius: radiusOf(run) })),
          { ...place, r: { value: 'radius', scale: null }, fill: 'color', stroke: '#fff', strokeWidth: 0.7 },
        ),
        Plot.dot(aims, { ...place, symbol: 'diamond', r: 5, fill: '#fff', stroke: truthColor, strokeWidth: 1.6 }),
      ],
    })
  },
}
