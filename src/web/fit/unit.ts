import { unitsOf } from '../../core/run.ts'
import { words } from '../../report/words/words.ts'
import { whole } from './state.ts'

/** What losses of the table are in. */
export const units = () => unitsOf(whole.value?.runs ?? {})

/** `loss (nats/token)` */
export const lossName = (): string => words().axes.loss(units().loss)
