import { createHash } from 'node:crypto'
import { realpathSync } from 'node:fs'
import { makeFolder } from '../core/durable.ts'
import type { Order } from './order.ts'

/** What jobs of the runs in a folder are called: by what they train, and by the folder, so that campaigns of one user whose runs are equal are told apart. */
export function jobNames(runs: string): (order: Order) => string {
  makeFolder(runs)
  const campaign = createHash('sha256').update(realpathSync(runs)).digest('hex').slice(0, 8)
  return ({ id }) => `isoflop-${id}-${campaign}`
}
