import type { Sequence } from '../../src/gpt/batches.ts'
import type { Tensor } from '../../src/gpt/graph.ts'
import type { ModelShape, Start } from '../../src/gpt/model.ts'
import { layoutOf } from '../../src/gpt/state.ts'

/**
 * Weights, text and dropout masks that are hashes of their place: scripts/reference/gpt.py computes the same ones. Streams below 100
 * are weights, from 100 masks, from 1000 text.
 */
const streams = { masks: 100, text: 1000 } as const

/** 32 bits of a place in a stream. */
function hashed(stream: number, i: number): number {
  let x = Math.imul(stream, 0x9e3779b9) + Math.imul(i, 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d)
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b)
  return (x ^ (x >>> 16)) >>> 0
}

/** Matrices are this much larger than at the start of training, so that attention is uneven. */
const spread = 3

/** Weights with nothing special about them: norms are not ones. `[layout.size]` */
export function hashedWeights(shape: ModelShape): Float32Array {
  const { parameters, size } = layoutOf(shape)
  const weights = new Float32Array(size)
  parameters.forEach(({ from, to, start }, stream) => {
    for (let k = from; k < to; k++) weights[k] = weightAt(start, 2 * (hashed(stream, k - from) / 2 ** 32) - 1)
  })
  return weights
}

function weightAt(start: Start, signed: number): number {
  switch (start.kind) {
    case 'ones':
      return 1 + 0.3 * signed
    case 'normal':
      return Math.sqrt(3) * signed
    case 'uniform':
      return spread * start.bound * signed
  }
}

/** A sequence in which 3 t + 1 mostly comes after t, so that there is something to learn. */
export function hashedSequence({ vocabularySize, contextLength }: ModelShape, number: number): Sequence {
  const stream = streams.text + number
  const text = new Uint16Array(contextLength + 1)
  text[0] = hashed(stream, 0) % vocabularySize
  for (let j = 0; j < contextLength; j++) {
    const surprise = hashed(stream, 2 * j + 1) % 8 === 0
    text[j + 1] = (surprise ? hashed(stream, 2 * j + 2) : 3 * text[j] + 1) % vocabularySize
  }
  return { ids: text.subarray(0, contextLength), targets: text.subarray(1) }
}

export const hashedSequences = (shape: ModelShape, first: number, count: number): Sequence[] =>
  Array.from({ length: count }, (_, k) => hashedSequence(shape, first + k))

const rate = 0.1
const kept = Math.fround(1 / (1 - rate))
const maskAt = (stream: number, i: number) =>
  hashed(streams.masks + stream, i) >= Math.round(rate * 2 ** 32) ? kept : 0

/** Fills a mask of a training graph by its name. Blocks of attention weights are cut from a mask of all weights. */
export function hashedMask({ contextLength }: ModelShape, { name, shape }: Tensor): Float32Array {
  const size = shape.reduce((product, length) => product * length, 1)
  const [, layer, kind, from] = name.match(/^mask\.(?:(\d+)\.)?(\w+)(?:\.(\d+))?$/)!
  if (kind === 'embedding') return Float32Array.from({ length: size }, (_, i) => maskAt(0, i))
  const stream = 1 + 3 * Number(layer) + ['weights', 'attention', 'feedForward'].indexOf(kind)
  if (kind !== 'weights') return Float32Array.from({ length: size }, (_, i) => maskAt(stream, i))
  const [, , block, to] = shape
  return Float32Array.from({ length: size }, (_, i) => {
    const key = i % to
    const query = Number(from) + (Math.floor(i / to) % block)
    const head = Math.floor(i / to / block) // counted over all sequences
    return maskAt(stream, (head * contextLength + query) * contextLength + key)
  })
}
