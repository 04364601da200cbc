import { openAdamwKernel } from './adamw-kernel.ts'
import type { State } from './state.ts'

/** PyTorch's defaults, with the assignment's weight decay and clipping. */
export const adamw = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01, clipNorm: 1 } as const

const kernel = openAdamwKernel()

/**
 * One step of AdamW (Loshchilov and Hutter 2019) on all weights, in place.
 * `gradients` are multiplied by `factor` first, then shortened to a norm of at most 1 (docs/math.md E56). `step` counts from 1.
 * Gives the norm of the gradient before clipping; where it is not finite nothing is changed.
 */
export function adamwStep(
  state: State,
  gradients: Float32Array,
  { step, learningRate, factor }: { step: number; learningRate: number; factor: number },
): number {
  const { beta1, beta2, epsilon, weightDecay, clipNorm } = adamw
  const norm = factor * euclideanNorm(gradients)
  if (!Number.isFinite(norm)) return norm
  kernel(state, gradients, {
    scale: factor * Math.min(1, clipNorm / (norm + 1e-6)),
    firstRate: 1 - beta1,
    secondKept: beta2,
    secondRate: 1 - beta2,
    decay: 1 - learningRate * weightDecay,
    stepSize: learningRate / (1 - beta1 ** step),
    secondScale: 1 / Math.sqrt(1 - beta2 ** step),
    epsilon,
  })
  return norm
}

/** In four sums, so that additions need not wait for each other; always in the same order. */
function euclideanNorm(values: Float32Array): number {
  let a = 0
  let b = 0
  let c = 0
  let d = 0
  const whole = values.length - (values.length % 4)
  for (let i = 0; i < whole; i += 4) {
    a += values[i] * values[i]
    b += values[i + 1] * values[i + 1]
    c += values[i + 2] * values[i + 2]
    d += values[i + 3] * values[i + 3]
  }
  for (let i = whole; i < values.length; i++) a += values[i] * values[i]
  return Math.sqrt(a + b + (c + d))
}
