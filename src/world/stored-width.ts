import type { TrainingConfig } from '../cs336/config.ts'

/** The API's stored runs have widths of 64 times a power of two. */
const narrowest = 64

/**
 * Between two stored widths a regression tree changes its answer halfway, at 1.5 times the lower one: this is how many octaves
 * that is above the middle of the octave.
 */
const edge = Math.log2(1.5) - 0.5

/** Widths far above this one are left as they are; there the published answers show no such steps. */
const fadingWidth = 180
const fadingPower = 4

/** The integral of a wave of one period an octave, in octaves: 0 at every stored width, and at most a sixth. */
const wave = (octaves: number): number =>
  (Math.sin(2 * Math.PI * (octaves - edge)) + Math.sin(2 * Math.PI * edge)) / (2 * Math.PI)

/**
 * (E19) The configuration whose loss the API answers with: off the grid of stored runs it answers with what a regression tree
 * knows of the nearest one, so that a narrow model's width is drawn toward a stored width. Smooth, and it never falls as the width grows:
 * the first harmonic of the tree's steps.
 *
 * @example towardStoredWidth({ ...config, dModel: 80 }).dModel // 68.2: the API answers much as it does for 64
 */
export function towardStoredWidth(config: TrainingConfig): TrainingConfig {
  const { dModel } = config
  const fading = 1 + (dModel / fadingWidth) ** fadingPower
  return { ...config, dModel: dModel * 2 ** (-wave(Math.log2(dModel / narrowest)) / fading) }
}
