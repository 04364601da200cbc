import type { Range } from '../core/range.ts'

/** The part of a configuration that is the model: width, depth and heads, or the name of one of a list. */
export type Model = object

/** Which models there are, and which of them is near to what is wished for. */
export interface Models<M extends Model = Model> {
  /** Non-embedding parameters of the smallest and of the largest. */
  readonly parameters: Range
  /** A legal model of about so many non-embedding parameters and about this d_model / layers; null where there is none. */
  near(parameters: number, ratio: number): M | null
  /** Legal models about there: what rounding leaves to choose from. */
  around(parameters: number, ratio: number): M[]
  /** Every model, ascending in parameters, where they are few enough to be listed. */
  readonly all?: readonly M[]
  /** The model that a careful person takes for so many non-embedding parameters. Errors: none; there is always one. */
  usual(parameters: number): M
}

/** Which configurations may be run. */
export interface Limits<M extends Model = Model> {
  readonly models: Models<M>
  /** Ascending, in the unit of the space. */
  readonly batchSize: readonly number[]
  readonly learningRate: Range
}

/** A rate as people type it, with so many digits and within the limits. */
export const roundRate = (rate: number, { least, most }: Range, digits = 3): number =>
  Math.min(Math.max(Number(rate.toPrecision(digits)), least), most)
