import type { EmbeddingAccounting } from '../core/flops.ts'
import { type JointName, jointNames } from './law.ts'
import { type ScalesPrior, stagedScales, usualScales } from './scales.ts'

type Normal = readonly [mean: number, sd: number]

/**
 * The prior of the joint law's coefficients, each normal. Centres are published where something is published; the widths are
 * assumed, several times the spread of the publications, so that a hundred runs outweigh them.
 */
export const jointPrior: Readonly<Record<JointName, Normal>> = {
  // Hoffmann et al. 2022 fit E 1.69, Besiroglu et al. 2024 1.82; both put compute-optimal models near 20 tokens per parameter,
  // which is the reference (balance 0).
  E: [Math.log(1.8), 0.25],
  left: [Math.log(0.65), 0.5],
  balance: [0, 0.5],
  alpha: [Math.log(0.33), 0.4],
  beta: [Math.log(0.31), 0.4],
  help: [0, 0.25],
  norm: [0, 0.5],
  // At the reference the Step Law (Li et al. 2025), 1.79 N^-0.713 D^0.307, is 2.5e-3, DeepSeek's (2024), 0.3118 C^-0.125, 1.7e-3.
  rate: [Math.log(2e-3), 0.9],
  rateSize: [-0.5, 0.2],
  rateCurve: [0, 0.03],
  rateTokens: [0.2, 0.15],
  rateBatch: [0.1, 0.15],
  waste: [Math.log(0.1), 0.9],
  harm: [Math.log(0.01), 1.2],
  steepness: [0.3, 0.6],
  tail: [Math.log(0.6), 0.7],
  // Step Law's best batch is 0.58 D^0.571 tokens: 1.2e5 at the reference.
  critical: [Math.log(5), 1.3],
  batch: [Math.log(3), 1.2],
  batchTokens: [0.45, 0.1],
  batchWaste: [Math.log(0.02), 1.3],
  ratio: [Math.log(65), 0.5],
  oddity: [Math.log(0.03), 0.8],
  until: [Math.log(12), 1.3],
  abruptness: [Math.log(0.75), 0.25],
  startRate: [0.5, 0.5],
  startSize: [0, 0.3],
  transient: [Math.log(0.4), 1],
  transientUntil: [Math.log(0.15), 1.2],
  transientPower: [Math.log(0.5), 0.3],
  // At 1e16 FLOPs; by hand, eight runs of worlds that learn in stages were extrapolated a quarter better with these two.
  slow: [Math.log(0.4), 1.2],
  slowPower: [Math.log(0.9), 0.4],
  break: [Math.log(0.3), 1.2],
  gain: [0, 0.1],
  width: [Math.log(0.4), 0.5],
  computeBreak: [Math.log(0.1), 1.5],
  computeGain: [0, 0.06],
  computeWidth: [Math.log(0.4), 0.5],
}

/**
 * What differs where early runs had to be left out, because training has stages. Learned from 40 worlds that learn in stages
 * (`staged:1000` to `staged:1039`; their form was calibrated on published answers of the course's API): the law was fitted to 260 runs of
 * each, from 1e17 to 1e19 FLOPs at rates from 1.5e-4 to 8e-3. Centres are the means, widths a fifth wider than the
 * spread between worlds.
 */
const stagedDifference: Partial<Record<JointName, Normal>> = {
  E: [0.47, 0.16],
  left: [-0.45, 0.48],
  balance: [-0.4, 0.72],
  alpha: [-1.85, 0.24],
  beta: [-0.75, 0.4],
  norm: [-0.1, 0.48],
  rate: [-6.3, 0.96],
  rateSize: [-0.55, 0.096],
  rateCurve: [-0.02, 0.016],
  rateTokens: [0.24, 0.096],
  rateBatch: [0.02, 0.048],
  waste: [-1.9, 0.36],
  harm: [-6.4, 0.48],
  steepness: [0, 0.2],
  tail: [-1.15, 0.36],
  batch: [1.45, 0.48],
  batchTokens: [0.25, 0.16],
  batchWaste: [-4.3, 0.72],
  ratio: [4.7, 0.48],
  oddity: [-2.3, 0.36],
  help: [0.1, 0.24],
  startRate: [0.2, 0.32],
  startSize: [-0.1, 0.32],
  transient: [-0.2, 1.2],
  transientUntil: [-2.8, 1.2],
  transientPower: [-0.7, 0.28],
  slow: [-1.75, 0.56],
  slowPower: [-0.05, 0.36],
}

/** What is believed before the runs: centres and widths in the order of the coefficients, scales, and the probability of the accountings. */
export interface Prior {
  readonly mean: Float64Array
  readonly sd: Float64Array
  readonly scales: ScalesPrior
  readonly accounting: Readonly<Record<EmbeddingAccounting, number>>
}

const inOrder = (normals: Readonly<Record<JointName, Normal>>) => ({
  mean: Float64Array.from(jointNames, (name) => normals[name][0]),
  sd: Float64Array.from(jointNames, (name) => normals[name][1]),
})

/** Published answers of the course's API show that its FLOPs count one embedding matrix and its sizes none. */
export const priors = {
  /** Of runs that obey one law. */
  usual: {
    ...inOrder(jointPrior),
    scales: usualScales,
    accounting: { none: 0.05, tokens: 0.9, 'tokens-and-size': 0.05 },
  },
  /** Of those that are left where early ones do not: few, so that they cannot tell the accountings apart. */
  staged: {
    ...inOrder({ ...jointPrior, ...stagedDifference }),
    scales: stagedScales,
    accounting: { none: 0.005, tokens: 0.99, 'tokens-and-size': 0.005 },
  },
} as const satisfies Record<string, Prior>

const stages = ['startRate', 'startSize', 'transient', 'transientUntil', 'transientPower'] as const

/** The forms of the law that are fitted side by side, by the coefficients that each has beside the common ones. */
export const jointForms = {
  plain: [],
  transient: ['transient', 'transientUntil', 'transientPower'],
  helped: ['help'],
  staged: ['help', ...stages],
  slow: ['slow', 'slowPower'],
  'broken in tokens': ['break', 'gain', 'width'],
  'broken in compute': ['computeBreak', 'computeGain', 'computeWidth'],
} as const satisfies Record<string, readonly JointName[]>
export type JointForm = keyof typeof jointForms
export const formNames = Object.keys(jointForms) as readonly JointForm[]
/** The forms for runs whose beginning of training is another matter than its end. */
export const formsOfStages: readonly JointForm[] = ['slow', 'staged']

/** Coefficients that only some forms have, at the value that switches their term off. */
const switchedOff: Partial<Record<JointName, number>> = {
  help: 0,
  startRate: 0,
  startSize: 0,
  transient: -50,
  transientUntil: 0,
  transientPower: 0,
  slow: -50,
  slowPower: 0,
  break: 0,
  gain: 0,
  width: 0,
  computeBreak: 0,
  computeGain: 0,
  computeWidth: 0,
}

/** The indices of the coefficients that a form leaves free. */
export function freeCoefficients(form: JointForm): number[] {
  const extra: readonly JointName[] = jointForms[form]
  return jointNames.flatMap((name, k) => (!(name in switchedOff) || extra.includes(name) ? [k] : []))
}

/** The prior's centre, with the terms that the form lacks switched off. */
export function centreOf(form: JointForm, { mean }: Prior): Float64Array {
  const extra: readonly JointName[] = jointForms[form]
  return Float64Array.from(jointNames, (name, k) => {
    const off = switchedOff[name]
    return off === undefined || extra.includes(name) ? mean[k] : off
  })
}
