import { z } from 'zod'
import { textIn } from '../core/text-in.ts'
import type { Outcome } from '../core/trainer.ts'
import type { Order } from './order.ts'

/** What `result.json` in the folder of a run has to say. What else it has, such as seconds or a curve, stays there for whoever wants it. */
const schema = z.union(
  [
    z.object({
      /** Nats per token. */
      loss: z.number().positive().nullable(),
      tokens: z.number().positive().optional(),
    }),
    z.object({ diverged: z.literal(true) }),
  ],
  { error: 'expected {"loss": 3.21} with nats per token above 0, or {"diverged": true}' },
)

export type Result =
  | { readonly kind: 'none' }
  | { readonly kind: 'made'; readonly outcome: Outcome & { readonly kind: 'finished' | 'diverged' } }
  | { readonly kind: 'invalid'; readonly reason: string }

/** Curves of a million points. Nothing that is larger is read. */
const mostBytes = 64 << 20
/** Tokens may differ by this share, or by a step, from those that were asked for: beyond, the run is of another size of data. */
const tokensTolerance = 0.02

/** What a program says that a run came to. A loss of `NaN`, as Python writes it, or `null` is a run that diverged. */
export function readResult(file: string, order: Order): Result {
  const read = textIn(file, mostBytes)
  if (read.kind !== 'text') return read
  let value: unknown
  try {
    value = JSON.parse(withoutNaN(read.text))
  } catch (error) {
    return { kind: 'invalid', reason: `it is not JSON: ${(error as Error).message}` }
  }
  const parsed = schema.safeParse(value)
  if (!parsed.success) return { kind: 'invalid', reason: reasonOf(parsed.error) }
  if ('diverged' in parsed.data || parsed.data.loss === null) return { kind: 'made', outcome: { kind: 'diverged' } }
  const { loss, tokens = order.tokens } = parsed.data
  const tolerance = Math.max(tokensTolerance * order.tokens, order.tokens / order.steps)
  if (Math.abs(tokens - order.tokens) > tolerance)
    return { kind: 'invalid', reason: `it is of ${tokens} tokens, expected the ${order.tokens} that were asked for` }
  return { kind: 'made', outcome: { kind: 'finished', loss } }
}

/** Python's `json` writes what JSON does not have; within texts it stays. */
const withoutNaN = (text: string): string =>
  text.replace(/"(?:[^"\\]|\\.)*"|NaN|-?Infinity/g, (found) => (found.startsWith('"') ? found : 'null'))

function reasonOf({ issues: [first] }: z.ZodError): string {
  return first.path.length > 0 ? `${first.path.join('.')}: ${first.message}` : first.message
}
