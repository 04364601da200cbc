import type { PoolView } from '../../campaign/pool/view.ts'
import type { Figure } from '../draw/figure.ts'
import { errors } from './figures/errors.ts'
import { places } from './figures/places.ts'

/** The figures of a choice. */
export const poolFigures: readonly Figure<PoolView>[] = [places, errors]
