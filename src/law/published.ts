import type { PowerLaw } from './power.ts'
import type { SurfaceLaw } from './surface.ts'

/** A law from the literature, with where it stands. */
export interface Published<Law> {
  readonly name: string
  readonly source: string
  readonly law: Law
}

/** Published loss surfaces. */
export const publishedSurfaces: readonly Published<SurfaceLaw>[] = [
  {
    name: 'Hoffmann et al. 2022',
    // Printed as E 1.69, A 406.4, B 410.7, alpha 0.34, beta 0.28; rounding beta alone triples the objective on the paper's runs.
    source: 'Training Compute-Optimal Large Language Models, arXiv 2203.15556, approach 3, digits of its TeX source',
    law: {
      E: 1.6933736809989528,
      A: 406.4010175194737,
      B: 410.7228269450398,
      alpha: 0.33917084,
      beta: 0.2849083,
      q: 1,
    },
  },
  {
    name: 'Besiroglu et al. 2024',
    source: 'Chinchilla Scaling: A replication attempt, arXiv 2404.10102',
    law: { E: 1.8172, A: 482.01, B: 2085.43, alpha: 0.3478, beta: 0.3658, q: 1 },
  },
]

/** The exponent of N_opt ~ C^a as published, without a coefficient that carries over to other data. */
export const publishedExponents: readonly Published<Pick<PowerLaw, 'exponent'>>[] = [
  {
    name: 'Kaplan et al. 2020',
    source: 'Scaling Laws for Neural Language Models, arXiv 2001.08361',
    law: { exponent: 0.73 },
  },
]

/** A power law of N and D with its coefficient. */
export interface PowerOfSizeAndTokens {
  readonly coefficient: number
  readonly parameters: number
  readonly tokens: number
}

/**
 * The best learning rate and batch of Li et al. 2025, "Predictable Scale: Part I, Step Law", arXiv 2503.04715: published
 * values, N without embeddings, batch in tokens. The curvatures are medians over the paper's own grids of runs (loss against
 * the logarithm, the other hyperparameter at its best): rate 0.025, interquartile range 0.020 to 0.038; batch 0.014, 0.011 to
 * 0.015, over the 17 pairs of N and D whose grids have five batches or more.
 */
export const stepLaw = {
  rate: { coefficient: 1.79, parameters: -0.713, tokens: 0.307 },
  batch: { coefficient: 0.58, parameters: 0, tokens: 0.571 },
  rateCurvature: 0.025,
  batchCurvature: 0.014,
} as const
