import { tokensFor } from '../core/flops.ts'
import { clamp } from '../core/range.ts'
import type { Models } from './limits.ts'

/** A model of a list, with the numbers that whoever trains it knows. */
export interface Rung {
  readonly name: string
  /** Without embeddings. */
  readonly parameters: number
  /** 0 where it is not told. */
  readonly embedding: number
  /** Training FLOPs. */
  readonly flopsPerToken: number
  /** d_model / layers. */
  readonly ratio: number
}

/** What a configuration of a list says of its model. */
export interface Listed {
  readonly model: string
}

/** How many models about a size come into question where one is chosen. */
const neighbours = 3

/** The models of a list, which is ascending in parameters and not empty. */
export function ladderModels(rungs: readonly Rung[]): Models<Listed> {
  const nearest = (parameters: number) => {
    const far = ({ parameters: own }: Rung) => Math.abs(Math.log(own / parameters))
    return rungs.toSorted((a, b) => far(a) - far(b))
  }
  const listed = ({ name }: Rung): Listed => ({ model: name })
  return {
    parameters: { least: rungs[0].parameters, most: rungs[rungs.length - 1].parameters },
    all: rungs.map(listed),
    near: (parameters) => listed(nearest(parameters)[0]),
    around: (parameters) => nearest(parameters).slice(0, neighbours).map(listed),
    usual: (parameters) => listed(nearest(parameters)[0]),
  }
}

/** A model between those of the list: its logarithms are on straight lines between theirs, and go on beyond the ends. */
export function rungAt(rungs: readonly Rung[], parameters: number): Omit<Rung, 'name'> {
  if (rungs.length === 1) return rungs[0]
  const above = rungs.findIndex((rung) => rung.parameters > parameters)
  const k = above < 0 ? rungs.length - 2 : clamp(above - 1, { least: 0, most: rungs.length - 2 })
  const [low, high] = [rungs[k], rungs[k + 1]]
  const share = Math.log(parameters / low.parameters) / Math.log(high.parameters / low.parameters)
  const between = (a: number, b: number) => (a > 0 && b > 0 ? a * (b / a) ** share : 0)
  return {
    parameters,
    embedding: between(low.embedding, high.embedding),
    flopsPerToken: between(low.flopsPerToken, high.flopsPerToken),
    ratio: between(low.ratio, high.ratio),
  }
}

/** FLOPs of a token where nobody tells them: six for each parameter. */
export const usualFlopsPerToken = (parameters: number): number => 1 / tokensFor(1, parameters)
