import type { LossUnit } from '../core/run.ts'

export type { LossUnit }

/** What a loss is told in: in a unit that is kept, or in a measure of one. */
export interface LossWord {
  /** The unit that it becomes. */
  readonly unit: LossUnit
  /** What it is made that from. */
  readonly from: 'nats' | 'bits' | 'perplexity'
  readonly said: string
}

const nats: LossWord = { unit: 'nats/token', from: 'nats', said: 'nats/token' }
const bits: LossWord = { unit: 'nats/token', from: 'bits', said: 'bits per token' }
const perplexity: LossWord = { unit: 'nats/token', from: 'perplexity', said: 'perplexity' }
const byte: LossWord = { unit: 'bits/byte', from: 'nats', said: 'bits per byte' }
const character: LossWord = { unit: 'bits/character', from: 'nats', said: 'bits per character' }
const bytePerplexity: LossWord = { unit: 'bits/byte', from: 'perplexity', said: 'perplexity per byte' }

/** The units that --loss-unit takes. */
export const lossUnits: Readonly<Record<string, LossWord>> = {
  nats,
  bits,
  perplexity,
  'bits/byte': byte,
  'bits/character': character,
}

/** By words as they stand in names and in brackets, lower case, without punctuation. */
const words: readonly (readonly [RegExp, LossWord])[] = [
  [/^(?:log|ln)\(?(?:ppl|perplexity)/, nats],
  [/byteperplexity|byteppl/, bytePerplexity],
  [/perplexity|ppl/, perplexity],
  [/bpb|bits?(?:per)?byte/, byte],
  [/bpc|bits?(?:per)?char(?:acter)?/, character],
  [/bpt|bits?(?:per)?token|^bits?$|loss(?:in)?bits$|loss\(?log2|^log2$/, bits],
]

/** What a name or a unit says that a loss is in; null where it says nothing. */
export function lossWordOf(text: string): LossWord | null {
  const key = text
    .slice(0, 200)
    .toLowerCase()
    .replace(/[\s_\-./]/g, '')
  return words.find(([pattern]) => pattern.test(key))?.[1] ?? null
}

/** The loss in its unit, of the number in a cell. */
export function lossOf({ from, unit }: LossWord, value: number): number {
  if (from === 'nats') return value
  if (from === 'bits') return value * Math.LN2
  return unit === 'bits/byte' ? Math.log2(value) : Math.log(value)
}
