import { trainFlops } from '../core/flops.ts'
import type { Architecture } from './shapes.ts'

/** A family of Transformers by the matrices of a layer. */
export interface Family {
  /** Matrices of the feed-forward block: 2, or 3 with a gate (SwiGLU). */
  readonly ffnMatrices: 2 | 3
  /** Its hidden width over d_model. */
  readonly ffnRatio: number
  /** Query heads that share one head of keys and values; 1 where each has its own. */
  readonly queriesPerKv: number
}

/**
 * Non-embedding parameters of a layer over d_model^2: queries and output one each, keys and values 2 / queries a head, and the
 * feed-forward block. Norms and biases, below a thousandth, are left out.
 */
export const squaresPerLayer = ({ ffnMatrices, ffnRatio, queriesPerKv }: Family): number =>
  2 + 2 / queriesPerKv + ffnMatrices * ffnRatio

/** How the parameters of a family follow from width and depth. */
export function transformer(family: Family): Architecture {
  const squares = squaresPerLayer(family)
  return {
    parameters: (dModel, numLayers) => squares * numLayers * dModel * dModel,
    depthFor: (parameters, ratio) => Math.cbrt(parameters / (squares * ratio * ratio)),
    widthFor: (parameters, numLayers) => Math.sqrt(parameters / (squares * numLayers)),
  }
}

/** Ways to count the training FLOPs of a token. */
export const flopsFormulas = {
  '6N': 'six for each non-embedding parameter (Kaplan et al. 2020)',
  '6N+head': 'six for each non-embedding parameter and for each of the output head, words times d_model',
  '6N+head+attention':
    'the same, and 12 layers × d_model × context for the scores of attention (Chowdhery et al. 2022, appendix B)',
} as const
export type FlopsFormula = keyof typeof flopsFormulas
export const flopsFormulaNames = Object.keys(flopsFormulas) as readonly FlopsFormula[]

/** Of a token, layer, dimension and token of context: forward two FLOPs each for scores and for their sums, three times that in training. */
const scoresPerDimension = 12

/** Training FLOPs of a token of a model; width and depth need not be whole. */
export function flopsPerToken(
  formula: FlopsFormula,
  { core, dModel, numLayers }: { readonly core: number; readonly dModel: number; readonly numLayers: number },
  { words, context }: { readonly words: number; readonly context: number },
): number {
  const head = formula === '6N' ? 0 : trainFlops(words * dModel, 1)
  const scores = formula === '6N+head+attention' ? context * dModel * numLayers * scoresPerDimension : 0
  return trainFlops(core, 1) + head + scores
}
