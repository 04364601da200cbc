import { isMissing, isUsable, numberOf } from './cell.ts'
import { type LossWord, lossOf } from './loss-unit.ts'
import type { Quantity } from './names.ts'
import { type Notation, notationOf } from './notation.ts'
import type { Sample } from './sink.ts'
import type { Factor } from './unit.ts'

/** How a column's cells are read, and what came of the rows that it was judged by. */
export interface Content {
  readonly notation: Notation
  /** The quantity of a cell, in the unit that the table keeps it in; NaN where it has none. */
  readonly read: (cell: unknown) => number
  /** What each row of the sample has; NaN where it has none. */
  readonly values: Float64Array
  /** How many of them are usable. */
  readonly usable: number
}

export interface Scale {
  readonly factor: Factor | null
  readonly loss: LossWord | null
}

const counts = new Set<Quantity>([
  ...([
    'parameters',
    'total_parameters',
    'tokens',
    'unique_tokens',
    'flops',
    'batch_tokens',
    'step',
    'total_steps',
  ] as const),
  ...(['d_model', 'num_layers', 'sequence_length', 'batch_size'] as const),
])

/** Judges a column by the rows of the sample, as numbers of a quantity. */
export function contentOf(sample: Sample, column: number, quantity: Quantity, scale: Scale): Content {
  const cells = sample.map((row) => entryOf(row[column]))
  const notation = notationOf(cells, counts.has(quantity))
  const read = readerOf(notation, { ...scale, factor: withBase(scale.factor, cells.map(notation.read), quantity) })
  const values = Float64Array.from(cells, read)
  return { notation, read, values, usable: values.reduce((sum, value) => sum + Number(isUsable(value)), 0) }
}

/** Logarithms to base 10 of N and D end at 14, of C at 30; natural ones of what anybody trains begin there. */
function withBase(factor: Factor | null, values: readonly number[], quantity: Quantity): Factor | null {
  if (factor?.base !== 'any') return factor
  const finite = Float64Array.from(values.filter(Number.isFinite)).sort()
  return { ...factor, base: finite[finite.length >> 1] > (quantity === 'flops' ? 30 : 14) ? 'e' : 10 }
}

/** A list stands for its last entry, as the loss of a history does. */
const entryOf = (cell: unknown): unknown =>
  Array.isArray(cell) || ArrayBuffer.isView(cell) ? (cell as unknown[])[(cell as unknown[]).length - 1] : cell

function readerOf({ kind, read }: Notation, { factor, loss }: Scale): (cell: unknown) => number {
  // A million rows of the usual kind go through one function.
  const plain = kind === 'plain' ? numberOf : read
  if (loss !== null && loss.from !== 'nats') return (cell) => lossOf(loss, plain(cell))
  if (factor?.base === 10) return (cell) => 10 ** plain(cell)
  if (factor?.base === 'e') return (cell) => Math.exp(plain(cell))
  if (factor === null || factor.value === 1) return plain
  return (cell) => plain(cell) * factor.value
}

/** The distinct texts in a column of the sample, up to a number of them; null where there are more. */
export function textsOf(sample: Sample, column: number, most: number): Set<string> | null {
  const texts = new Set<string>()
  for (const row of sample) {
    const cell = row[column]
    if (isMissing(cell) || typeof cell === 'object') continue
    texts.add(String(cell).trim())
    if (texts.size > most) return null
  }
  return texts
}
