import { trainings } from '../../src/report/campaign/figures/trainings.ts'
import { campaignFigures } from '../../src/report/campaign/figures.ts'
import { classFigures } from '../../src/report/class/figures.ts'
import type { Figure } from '../../src/report/draw/figure.ts'
import { fitFigures } from '../../src/report/fit/figures.ts'
import { groupsFigures } from '../../src/report/fit/groups/figures.ts'
import { poolFigures } from '../../src/report/pool/figures.ts'

/** What test/web/figures.web.ts and the script that it runs in a browser tell each other. */
export type Kind = 'campaign' | 'fit' | 'groups' | 'pool' | 'class'
export type Form = 'draw' | 'narrow'

/** Every figure that a report or a page has; what trains just now is on a page alone. */
export const figuresOf: Record<Kind, readonly Figure<never>[]> = {
  campaign: [...campaignFigures, trainings],
  ...{ fit: fitFigures, groups: groupsFigures, pool: poolFigures, class: classFigures },
}

/** A figure as lists of what it consists of, as the browser draws it and as it was drawn elsewhere. */
export interface Drawings {
  readonly name: string
  readonly here: unknown
  readonly there: unknown
}

/** What a text beside a mark covers. */
export interface Covering {
  readonly figure: string
  readonly label: string
  readonly texts: readonly string[]
  readonly marks: number
  /** Whether it leaves the drawing. */
  readonly isCut: boolean
}
