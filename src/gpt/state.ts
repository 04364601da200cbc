import { type Random, random } from '../core/random.ts'
import { type ModelShape, type Parameter, parametersOf } from './model.ts'

/** A parameter and its place in the flat arrays of a state. */
export interface Placed extends Parameter {
  readonly from: number
  readonly to: number
}

/** The parameters of a model one after the other. */
export interface Layout {
  readonly parameters: readonly Placed[]
  readonly size: number
}

export function layoutOf(shape: ModelShape): Layout {
  let from = 0
  const parameters = parametersOf(shape).map((parameter) => {
    const to = from + parameter.shape.reduce((product, size) => product * size, 1)
    const placed = { ...parameter, from, to }
    from = to
    return placed
  })
  return { parameters, size: from }
}

/** All that a step changes: weights, and AdamW's moments of their gradients; `[layout.size]` each. */
export interface State {
  readonly weights: Float32Array
  readonly firstMoments: Float32Array
  readonly secondMoments: Float32Array
}

/** The weights that a seed begins with, and no moments yet. Each parameter has a random stream of its own. */
export function initialState({ parameters, size }: Layout, seed: number): State {
  const weights = new Float32Array(size)
  parameters.forEach(({ from, to, start }, i) => {
    const stream = random(seed, streams.weights, i)
    for (let k = from; k < to; k++) weights[k] = drawn(start, stream)
  })
  return { weights, firstMoments: new Float32Array(size), secondMoments: new Float32Array(size) }
}

function drawn(start: Parameter['start'], stream: Random): number {
  switch (start.kind) {
    case 'ones':
      return 1
    case 'normal':
      return stream.normal()
    case 'uniform':
      return start.bound * (2 * stream.uniform() - 1)
  }
}

/** The random streams that a training seed names. */
export const streams = { weights: 0, order: 1, dropout: 2 } as const
