import { ThinnedCurve } from '../core/curve.ts'
import type { Progress } from '../core/trainer.ts'
import { standingOf } from './history.ts'
import type { Order } from './order.ts'

/** How often to look how far a program is, ms. */
const lookMs = 1000

/** Tells how far a program is by its history, when that says more than before; gives what ends it. */
export function tellProgress(order: Order, folder: string, onProgress: (progress: Progress) => void): () => void {
  const curve = new ThinnedCurve()
  let last = -1
  const look = () => {
    const { share, loss } = standingOf(folder, order)
    const step = share === null ? -1 : Math.round(share * order.steps)
    if (loss === null || step <= last) return
    last = step
    curve.add({ step, tokens: Math.round((step / order.steps) * order.tokens), loss })
    onProgress({ kind: 'running', curve: curve.points() })
  }
  const looking = setInterval(look, lookMs)
  return () => clearInterval(looking)
}
