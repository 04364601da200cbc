import * as Plot from '@observablehq/plot'
import type { PoolView } from '../../../campaign/pool/view.ts'
import { logAxis } from '../../draw/axis.ts'
import { type Figure, onePanel } from '../../draw/figure.ts'
import { budgetColor, faint, muted, truthColor } from '../../draw/style.ts'
import { thin } from '../../draw/thin.ts'
import { counted } from '../../number.ts'
import { joined } from '../../prose.ts'

/** More places than this of a pool cover each other. */
const mostPlaces = 3000
const height = 460

interface Place {
  readonly x: number
  readonly y: number
}

interface ChosenPlace extends Place {
  /** Place in the order of choosing, from 0 to 1. */
  readonly rank: number
}

const placeOf = ({ parameters, tokens }: { parameters: number; tokens: number }): Place => ({
  x: tokens,
  y: parameters,
})

/** The runs that were bought or are to be made, in their order. */
function chosenOf({ result }: PoolView): ChosenPlace[] {
  const runs = result.kind === 'played' ? result.purchases : result.next
  return runs.map((run, k) => ({ ...placeOf(run), rank: runs.length > 1 ? k / (runs.length - 1) : 1 }))
}

function aimsOf({ result: { prediction } }: PoolView): Place[] {
  if (prediction === null) return []
  const { best, target } = prediction
  const own = best ? [{ parameters: best.parameters.value, tokens: best.tokens.value }] : []
  return [...target, ...own].map(placeOf)
}

const verb = ({ result }: PoolView): string => (result.kind === 'played' ? 'were bought' : 'are to be made next')

export const places: Figure<PoolView> = {
  name: 'places',
  title: 'The pool and what was chosen from it',
  caption: (view) =>
    joined(
      'Grey: sizes and tokens of the pool.',
      `Discs: the runs that ${verb(view)}, the later the darker; at one place they cover each other.`,
      aimsOf(view).length > 0 && 'Diamonds: what is predicted.',
    ),
  alt: (view) =>
    `Parameters against tokens of the pool, with the ${counted(chosenOf(view).length, 'run')} that ${verb(view)} and what is predicted.`,
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
        'tokens D',
      ),
      y: axis(
        all.map(({ y }) => y),
        'parameters N',
      ),
      marks: [
        Plot.dot(pool, { ...place, r: 3, fill: faint, stroke: muted, strokeWidth: 0.5 }),
        Plot.dot(
          chosen.map((run) => ({ ...run, color: budgetColor(run.rank) })),
          { ...place, r: 5, fill: 'color', stroke: '#fff', strokeWidth: 0.7 },
        ),
        Plot.dot(aims, { ...place, symbol: 'diamond', r: 5, fill: '#fff', stroke: truthColor, strokeWidth: 1.6 }),
      ],
    })
  },
}
