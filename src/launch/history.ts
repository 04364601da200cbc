import { join } from 'node:path'
import { tailOf } from '../core/text-in.ts'
import type { Order } from './order.ts'

/** How far a run is, as far as it says. */
export interface Standing {
  /** Of its tokens, 0 to 1. */
  readonly share: number | null
  /** Its latest training loss, nats per token. */
  readonly loss: number | null
}

/** What programs may call it; the second is that of `isoflop train`. */
export const historyFiles = ['history.jsonl', 'steps.jsonl'] as const
/** What is read of its end: where that has no whole line, more. All of 64 KiB, of 1,000 runs each second, was half of a processor. */
const tailBytes = [1 << 12, 1 << 16] as const

/** Where a run stands by the last whole line of its history: JSON with `loss`, and `tokens` or `step`. */
export function standingOf(folder: string, { tokens, steps }: Order): Standing {
  for (const name of historyFiles) {
    const last = lastIn(join(folder, name))
    if (last === null) continue
    const share =
      number(last.tokens) !== null ? Number(last.tokens) / tokens : Number(number(last.step) ?? Number.NaN) / steps
    return { share: Number.isFinite(share) ? Math.min(Math.max(share, 0), 1) : null, loss: number(last.loss) }
  }
  return { share: null, loss: null }
}

function lastIn(file: string): Readonly<Record<string, unknown>> | null {
  for (const bytes of tailBytes) {
    const last = lastObject(tailOf(file, bytes))
    if (last !== null) return last
  }
  return null
}

const number = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null)

/** The last line that ends and is an object. */
function lastObject(text: string): Readonly<Record<string, unknown>> | null {
  for (const line of text.split('\n').slice(0, -1).reverse()) {
    try {
      const value = JSON.parse(line)
      if (typeof value === 'object' && value !== null) return value
    } catch {
      // A line that begins before the part that was read, or is no JSON.
    }
  }
  return null
}
