import { sigmoid, softplus } from '../numeric/softplus.ts'

/**
 * The joint law (docs/math.md, "The joint law"): the loss as a function of size, tokens, learning rate, batch, shape and number
 * of steps together, so that runs at an untuned rate or with few steps are corrected instead of discarded. All its coefficients
 * are of order one: logarithms at a reference model, or exponents.
 */

/** The reference model: 1e8 parameters on 2e9 tokens, 65,536 tokens a step; and the FLOPs at which scales are told. */
export const jointReference = { parameters: 1e8, tokens: 2e9, stepTokens: 65_536, trainFlops: 1e16 } as const

/** A configuration as the law sees it: logarithms, of ratios to the reference model where it has one. */
export interface JointPoint {
  /** ln(N / N0), N as the accounting counts it. */
  readonly size: number
  /** ln(D / D0), D as the accounting counts it. */
  readonly tokens: number
  /** ln(non-embedding parameters / N0), which the best rate goes by. */
  readonly core: number
  /** ln of the learning rate. */
  readonly rate: number
  /** ln(tokens a step / reference). */
  readonly batch: number
  /** ln(d_model / layers). */
  readonly ratio: number
  /** ln of the number of steps. */
  readonly steps: number
  /** ln(C / 1e16 FLOPs). */
  readonly compute: number
}

/** The coefficients in the order of the vector, with their meaning. */
export const jointCoefficients = {
  E: 'ln of the loss that neither size nor tokens remove, nats',
  left: 'ln of what size and tokens leave above it at the reference, nats: their geometric mean',
  balance: 'ln(alpha A / (beta B)): 0 puts the compute-optimal model at the ratio of tokens to size of the reference',
  alpha: 'ln of the exponent of size',
  beta: 'ln of the exponent of tokens',
  help: 'ln tokens that a model larger by a factor e learns as much from',
  norm: 'ln q of the norm that adds the two: 0 is the sum, below it the larger counts more, above it there is a product term',
  rate: 'ln of the best learning rate at the reference',
  rateSize: 'its exponent of non-embedding parameters',
  rateCurve: 'the curvature of its ln in ln size',
  rateTokens: 'its exponent of tokens',
  rateBatch: 'its exponent of the batch',
  waste: "ln curvature of a wrong rate's cost in ln tokens",
  harm: "ln curvature of a wrong rate's cost in nats",
  steepness: 'ln of how much worse too large a rate is than too small a one',
  tail: 'ln t: beyond |ln(rate / best)| = 1 / t the cost grows linearly',
  critical: 'ln(critical batch / reference) at the reference',
  batch: 'ln(best batch / reference) at the reference',
  batchTokens: 'the exponent of tokens of the critical and of the best batch',
  batchWaste: "ln curvature of a wrong batch's cost in ln tokens",
  ratio: 'ln of the best d_model / layers',
  oddity: 'ln of what an odd shape costs, ln size per squared ln ratio',
  until: 'ln of the steps until the slow start is over',
  abruptness: 'ln of the power of its end',
  startRate: 'ln steps that a rate larger by a factor e is worth to the early stages',
  startSize: 'the same of a model larger by a factor e',
  transient: 'ln of the loss that a further stage removes, nats',
  transientUntil: 'ln(tokens until it is over / D0)',
  transientPower: 'ln of the power of its end',
  slow: 'ln of what a slow start of everything leaves at 1e16 FLOPs, nats',
  slowPower: 'ln of the power of compute with which it falls',
  break: 'ln(tokens / D0) where the exponent of tokens changes',
  gain: 'by how much',
  width: 'ln of the width of the change in ln tokens',
  computeBreak: 'ln(N D / (N0 D0)) where the exponent of all that is left above E changes',
  computeGain: 'by how much, per ln(N D)',
  computeWidth: 'ln of the width of the change in ln(N D)',
} as const
export type JointName = keyof typeof jointCoefficients

export const jointNames = Object.keys(jointCoefficients) as readonly JointName[]
export const jointSize = jointNames.length
export const jointIndex = Object.fromEntries(jointNames.map((name, k) => [name, k])) as Readonly<
  Record<JointName, number>
>

const at = jointIndex

/** Farther from the best batch than this, in ln, its cost grows linearly. */
const batchTail = 1.2
/** The middle of the rates that the training API allows, where `startRate` does nothing. */
const usualRate = Math.log(4e-4)

/** e^x, large but finite for large x: enough to end any stage. */
const boundedExp = (x: number): number => Math.exp(Math.min(x, 50))

/** ln of the best learning rate at a point (E43). */
export const bestJointRate = (theta: ArrayLike<number>, { core, tokens, batch }: JointPoint): number =>
  theta[at.rate] +
  (theta[at.rateSize] + 0.5 * theta[at.rateCurve] * core) * core +
  theta[at.rateTokens] * tokens +
  theta[at.rateBatch] * batch

/**
 * The loss at a point, nats per token (E40), and its derivatives by the coefficients, written into the first `jointSize` numbers
 * of `gradient`. `untrained` is the loss before training.
 */
export function jointLoss(theta: Float64Array, x: JointPoint, untrained: number, gradient: Float64Array): number {
  // The cost of the rate (E43): a rooted parabola in u, steeper above the best one.
  const u = x.rate - bestJointRate(theta, x)
  const t = Math.exp(theta[at.tail])
  const steepness = u > 0 ? Math.exp(theta[at.steepness]) : 1
  const root = Math.sqrt(1 + t * t * u * u)
  const bowl = (2 * steepness * u * u) / (1 + root) // 2 (root - 1) / t^2 without cancellation
  const bowlByU = (2 * steepness * u) / root
  const bowlByTail = bowlByU * u - 2 * bowl
  const waste = Math.exp(theta[at.waste])
  const harm = Math.exp(theta[at.harm])

  // The cost of the batch (E44): beyond a critical one, and beside a best one.
  const above = x.batch - theta[at.critical] - theta[at.batchTokens] * x.tokens
  const v = x.batch - theta[at.batch] - theta[at.batchTokens] * x.tokens
  const batchRoot = Math.sqrt(1 + (v / batchTail) ** 2)
  const batchBowl = (2 * v * v) / (1 + batchRoot)
  const batchWaste = Math.exp(theta[at.batchWaste])

  // Size that serves, less what an odd shape costs (E42); tokens that teach, less what rate and batch waste (E41).
  const odd = x.ratio - theta[at.ratio]
  const oddity = Math.exp(theta[at.oddity])
  const served = x.size - oddity * odd * odd
  const taught = x.tokens - waste * bowl - softplus(above) - batchWaste * batchBowl + theta[at.help] * served

  // What size and tokens leave above the plateau (E40), with a break in tokens and one in compute (E45).
  const alpha = Math.exp(theta[at.alpha])
  const beta = Math.exp(theta[at.beta])
  const width = Math.exp(theta[at.width])
  const beyond = (taught - theta[at.break]) / width
  const bent = width * softplus(beyond)
  const past = sigmoid(beyond)
  const gain = theta[at.gain]
  const lean = (theta[at.balance] - theta[at.alpha] + theta[at.beta]) / 2 // ln(A / B) / 2
  const a = theta[at.left] + lean - alpha * served
  const b = theta[at.left] - lean - beta * taught - gain * bent
  const q = Math.exp(theta[at.norm])
  const high = Math.max(a, b) / q
  const ea = Math.exp(a / q - high)
  const eb = Math.exp(b / q - high)
  const m = high + Math.log(ea + eb)
  const share = ea / (ea + eb)
  const computeWidth = Math.exp(theta[at.computeWidth])
  const computeGain = theta[at.computeGain]
  const beyondCompute = (served + taught - theta[at.computeBreak]) / computeWidth
  const bentCompute = computeWidth * softplus(beyondCompute)
  const pastCompute = sigmoid(beyondCompute)
  const left = Math.exp(q * m - computeGain * bentCompute)

  // A further stage that is over after so many tokens, and the slow start (E46).
  const fast = x.rate - usualRate
  const ahead = theta[at.startRate] * fast + theta[at.startSize] * x.core
  const power = Math.exp(theta[at.transientPower])
  const stage = taught + ahead - theta[at.transientUntil]
  const progress = boundedExp(power * stage)
  const stageLeft = Math.exp(theta[at.transient] - progress)
  const abruptness = Math.exp(theta[at.abruptness])
  const start = x.steps + ahead - theta[at.until]
  const started = boundedExp(abruptness * start)
  const untrainedShare = Math.exp(-started)

  const slowPower = Math.exp(theta[at.slowPower])
  const slow = Math.exp(theta[at.slow] - slowPower * x.compute)

  const E = Math.exp(theta[at.E])
  const trained = E + left + stageLeft + slow + harm * bowl
  const loss = trained + (untrained - trained) * untrainedShare

  // Backwards through the same steps.
  const keep = 1 - untrainedShare
  const byA = left * share * keep
  const byB = left * (1 - share) * keep
  const byLean = byA - byB
  const byCompute = -left * keep * computeGain * pastCompute
  const byStage = -stageLeft * progress * power * keep
  const byTaught = -byB * (beta + gain * past) + byCompute + byStage
  const byServed = -byA * alpha + byCompute + byTaught * theta[at.help]
  const byBowl = -byTaught * waste + harm * keep
  const byU = byBowl * bowlByU
  const byAbove = -byTaught * sigmoid(above)
  const byV = (-byTaught * batchWaste * 2 * v) / batchRoot
  const byStart = -(untrained - trained) * untrainedShare * started * abruptness
  const byAhead = byStage + byStart

  gradient[at.E] = E * keep
  gradient[at.left] = byA + byB
  gradient[at.balance] = byLean / 2
  gradient[at.alpha] = -byA * alpha * served - byLean / 2
  gradient[at.beta] = -byB * beta * taught + byLean / 2
  gradient[at.help] = byTaught * served
  gradient[at.norm] = left * keep * (q * m - share * a - (1 - share) * b)
  gradient[at.rate] = -byU
  gradient[at.rateSize] = -byU * x.core
  gradient[at.rateCurve] = -byU * 0.5 * x.core * x.core
  gradient[at.rateTokens] = -byU * x.tokens
  gradient[at.rateBatch] = -byU * x.batch
  gradient[at.waste] = -byTaught * waste * bowl
  gradient[at.harm] = harm * bowl * keep
  gradient[at.steepness] = u > 0 ? byBowl * bowl : 0
  gradient[at.tail] = byBowl * bowlByTail
  gradient[at.critical] = -byAbove
  gradient[at.batch] = -byV
  gradient[at.batchTokens] = -(byAbove + byV) * x.tokens
  gradient[at.batchWaste] = -byTaught * batchWaste * batchBowl
  gradient[at.ratio] = byServed * 2 * oddity * odd
  gradient[at.oddity] = -byServed * oddity * odd * odd
  gradient[at.until] = -byStart
  gradient[at.abruptness] = byStart * start
  gradient[at.startRate] = byAhead * fast
  gradient[at.startSize] = byAhead * x.core
  gradient[at.transient] = stageLeft * keep
  gradient[at.transientUntil] = -byStage
  gradient[at.transientPower] = byStage * stage
  gradient[at.slow] = slow * keep
  gradient[at.slowPower] = -slow * keep * slowPower * x.compute
  gradient[at.break] = byB * gain * past
  gradient[at.gain] = -byB * bent
  gradient[at.width] = -byB * gain * (bent - width * past * beyond)
  gradient[at.computeBreak] = -byCompute
  gradient[at.computeGain] = -left * keep * bentCompute
  gradient[at.computeWidth] = -left * keep * computeGain * (bentCompute - computeWidth * pastCompute * beyondCompute)
  return loss
}
