import type { Config } from '../core/config.ts'
import type { TrainingConfig } from '../cs336/config.ts'
import { courseSpace } from '../cs336/space.ts'
import { type PowerOfSizeAndTokens, publishedSurfaces, stepLaw } from '../law/published.ts'
import { type SurfaceLaw, surfaceLoss } from '../law/surface.ts'
import type { Space } from '../space/space.ts'
import { handoutLaw } from './handout.ts'
import { cappedLoss } from './hyperparameters.ts'
import { withNoise } from './noise.ts'
import type { World } from './world.ts'

/**
 * The law of the handout's IsoFLOP profiles, exactly and without noise: N without embeddings, D = C / (6 N). Rate, batch and heads do
 * nothing. At the API's budgets its losses reach 150 nats, because the law knows no untrained model.
 *
 * @example handoutWorld().loss({ dModel: 1024, numLayers: 24, numHeads: 16, batchSize: 128, learningRate: 1e-3, trainFlops: 1e19 })
 */
export function handoutWorld<C extends Config = TrainingConfig>(space: Space<C> = courseSpace<C>()): World<C> {
  const loss = (config: C) => {
    const { core: N, tokens: D } = space.measure(config, 'none')
    return surfaceLoss(handoutLaw, N, D)
  }
  const description = 'the law of the CS336 handout: size and tokens alone, noise-free'
  return withNoise({ name: 'handout', description, loss }, 0, 0, space)
}

const stepLawAt = ({ coefficient, parameters, tokens }: PowerOfSizeAndTokens, N: number, D: number): number =>
  coefficient * N ** parameters * D ** tokens

/** The grids reach a factor of e^2 about their best; a parabola that went on beyond would cost more than the law itself. */
const bowlReach = 2

/** curvature x^2 up to the reach of the data, then straight on. */
const bowl = (curvature: number, x: number): number => {
  const beyond = Math.abs(x) - bowlReach
  return curvature * (beyond > 0 ? bowlReach ** 2 + 2 * bowlReach * beyond : x * x)
}

/** Hoffmann et al. 2022. */
export const chinchillaLaw: SurfaceLaw = publishedSurfaces[0].law

const chinchillaNoise = 0.01
const chinchillaSeed = 2203_15556

/**
 * Chinchilla's published surface with Step Law's bowls for rate and batch added to it (E30), below the loss of an untrained
 * model, ln of the words. Noise 0.01 nats.
 *
 * @example chinchillaWorld().observe({ dModel: 1024, numLayers: 24, numHeads: 16, batchSize: 128, learningRate: 1e-3, trainFlops: 1e19 })
 */
export function chinchillaWorld<C extends Config = TrainingConfig>(space: Space<C> = courseSpace<C>()): World<C> {
  const loss = (config: C) => {
    const { core: N, tokens: D, stepTokens } = space.measure(config, 'none')
    const rate = Math.log(config.learningRate / stepLawAt(stepLaw.rate, N, D))
    const batch = Math.log(stepTokens / stepLawAt(stepLaw.batch, N, D))
    const cost = bowl(stepLaw.rateCurvature, rate) + bowl(stepLaw.batchCurvature, batch)
    return cappedLoss(surfaceLoss(chinchillaLaw, N, D) + cost, Math.log(space.vocabularySize))
  }
  const description = "Chinchilla's published surface, with Step Law's best rate and batch"
  return withNoise({ name: 'chinchilla', description, loss }, chinchillaNoise, chinchillaSeed, space)
}
