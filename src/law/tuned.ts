import { goldenSection } from '../numeric/golden-section.ts'
import { sigmoid, softplus } from '../numeric/softplus.ts'
import { saturated } from './saturation.ts'

/**
 * The law of runs that differ in more than size and tokens (docs/math.md, "Laws of more than N and D"): the norm of what size and
 * tokens leave above a plateau, a wrong learning rate and a wrong batch as wasted tokens, repeated data as fewer tokens. Its
 * coefficients are of order one: logarithms at a reference run, or exponents.
 */

/** A run as the law sees it: logarithms of ratios to the reference run. */
export interface TunedPoint {
  /** ln(N / N0). */
  readonly size: number
  /** ln(D / D0), repeats counted. */
  readonly tokens: number
  /** ln(peak learning rate / reference). */
  readonly rate: number
  /** ln(batch / reference). */
  readonly batch: number
  /** ln(U / D0), U the unique tokens; at most `tokens`. */
  readonly unique: number
}

/** The coefficients in the order of the vector, with their meaning. */
export const tunedCoefficients = {
  E: 'ln of the loss that neither size nor tokens remove, nats',
  A: 'ln of what the reference size leaves above it, nats',
  B: 'ln of what the reference tokens leave above it, nats',
  alpha: 'ln of the exponent of size',
  beta: 'ln of the exponent of tokens',
  norm: 'ln q of the norm that adds the two: 0 is the sum, below it the larger counts more',
  rate: 'ln(best learning rate / reference) at the reference and a large batch',
  rateSize: 'its exponent of size',
  rateTokens: 'its exponent of tokens',
  rateBatch: 'the exponent of the batch by which it falls where the batch is small',
  noise: 'ln(B_n / best batch), B_n the batch where that begins',
  waste: "ln curvature of a wrong rate's cost in ln tokens",
  rateTail: 'ln t: beyond |ln(rate / best)| = 1 / t that cost grows linearly',
  harm: 'ln of what too large a rate adds, nats per cubed ln(rate / best)',
  harmTail: 'ln t: beyond ln(rate / best) = 1 / t that grows as a square',
  batch: 'ln(best batch / reference) at the reference tokens',
  batchTokens: 'its exponent of tokens',
  batchWaste: "ln curvature of a wrong batch's cost in ln tokens",
  batchTail: 'ln t: beyond |ln(batch / best)| = 1 / t the cost grows linearly',
  repeats: 'ln R*: no number of repeats is worth more than R* times the unique tokens',
  surplus: 'ln of the same for size beyond what the unique tokens support',
  support: 'ln((size that D0 unique tokens support) / N0)',
  onset: 'ln of the repeats from which memorizing adds to the loss',
  overfit: 'ln of what it adds, nats: curvature in ln repeats at the reference size and D0 unique tokens',
  overfitSize: 'its exponent of size over unique tokens',
  overfitUnique: 'a further exponent of unique tokens',
  overfitTail: 'ln t: beyond ln(repeats / onset) = 1 / t it grows linearly',
} as const
export type TunedName = keyof typeof tunedCoefficients

export const tunedNames = Object.keys(tunedCoefficients) as readonly TunedName[]
export const tunedSize = tunedNames.length
export const tunedIndex = Object.fromEntries(tunedNames.map((name, k) => [name, k])) as Readonly<
  Record<TunedName, number>
>

const at = tunedIndex

/** ln(best batch / reference) for these ln tokens (E82). */
export const bestTunedBatch = (theta: ArrayLike<number>, tokens: number): number =>
  theta[at.batch] + theta[at.batchTokens] * tokens

/** ln(B_n / batch): how far a batch is below the one from which the best rate no longer grows (E81). */
const scarcity = (theta: ArrayLike<number>, { tokens, batch }: Omit<TunedPoint, 'rate'>): number =>
  bestTunedBatch(theta, tokens) + theta[at.noise] - batch

/** ln(best learning rate / reference) at a point (E81). */
export const bestTunedRate = (theta: ArrayLike<number>, x: Omit<TunedPoint, 'rate'>): number =>
  theta[at.rate] +
  theta[at.rateSize] * x.size +
  theta[at.rateTokens] * x.tokens -
  theta[at.rateBatch] * softplus(scarcity(theta, x))

/** A rooted parabola (2 / t^2) (sqrt(1 + t^2 x^2) - 1): x^2 near 0, linear beyond 1 / t; and its derivatives by x and ln t. */
function bowlOf(x: number, t: number): { value: number; byX: number; byTail: number } {
  const root = Math.sqrt(1 + t * t * x * x)
  const value = (2 * x * x) / (1 + root) // the same without cancellation
  const byX = (2 * x) / root
  return { value, byX, byTail: byX * x - 2 * value }
}

/** x^3 / (1 + t x) for x >= 0: smooth at 0, so that the best rate stays where it is; and its derivatives by x and ln t. */
function wallOf(x: number, t: number): { value: number; byX: number; byTail: number } {
  const tail = 1 + t * x
  const value = (x * x * x) / tail
  const byTail = (-value * t * x) / tail
  return { value, byX: (3 * x * x) / tail - (value * t) / tail, byTail }
}

/**
 * The loss at a point, nats per token (E80), and its derivatives by the coefficients, written into the first `tunedSize` numbers
 * of `gradient`.
 */
export function tunedLoss(theta: ArrayLike<number>, x: TunedPoint, gradient: Float64Array): number {
  // The cost of the rate (E81): a wrong one wastes tokens, too large a one also adds nats.
  const scarce = scarcity(theta, x)
  const u = x.rate - bestTunedRate(theta, x)
  const rateBowl = bowlOf(u, Math.exp(theta[at.rateTail]))
  const waste = Math.exp(theta[at.waste])
  const wall = wallOf(Math.max(0, u), Math.exp(theta[at.harmTail]))
  const harm = Math.exp(theta[at.harm])

  // The cost of the batch (E82).
  const v = x.batch - bestTunedBatch(theta, x.tokens)
  const batchBowl = bowlOf(v, Math.exp(theta[at.batchTail]))
  const batchWaste = Math.exp(theta[at.batchWaste])

  // Tokens that repeats are worth, size that unique tokens support, and what memorizing adds (E83).
  const repeats = Math.expm1(x.tokens - x.unique)
  const fresh = saturated(repeats, Math.exp(theta[at.repeats]))
  const base = Math.min(x.size, theta[at.support] + x.unique)
  const beyond = Math.expm1(x.size - base)
  const useful = saturated(beyond, Math.exp(theta[at.surplus]))
  const late = bowlOf(Math.max(0, Math.log(repeats) - theta[at.onset]), Math.exp(theta[at.overfitTail]))
  const crowd = x.size - x.unique
  const overfit = Math.exp(theta[at.overfit] + theta[at.overfitSize] * crowd + theta[at.overfitUnique] * x.unique)
  const memorized = overfit * late.value

  // What size and tokens leave above the plateau (E80).
  const served = base + Math.log(useful.value)
  const taught = x.unique + Math.log(fresh.value) - waste * rateBowl.value - batchWaste * batchBowl.value
  const alpha = Math.exp(theta[at.alpha])
  const beta = Math.exp(theta[at.beta])
  const a = theta[at.A] - alpha * served
  const b = theta[at.B] - beta * taught
  const q = Math.exp(theta[at.norm])
  const high = Math.max(a, b) / q
  const ea = Math.exp(a / q - high)
  const eb = Math.exp(b / q - high)
  const m = high + Math.log(ea + eb)
  const share = ea / (ea + eb)
  const left = Math.exp(q * m)
  const E = Math.exp(theta[at.E])

  // Backwards through the same steps.
  const byA = left * share
  const byB = left - byA
  const byServed = -alpha * byA
  const byTaught = -beta * byB
  const byRateBowl = -byTaught * waste
  const byU = byRateBowl * rateBowl.byX + harm * wall.byX
  const byScarce = byU * theta[at.rateBatch] * sigmoid(scarce)
  const byBatchBowl = -byTaught * batchWaste
  const byBest = byScarce - byBatchBowl * batchBowl.byX
  gradient[at.E] = E
  gradient[at.A] = byA
  gradient[at.B] = byB
  gradient[at.alpha] = byServed * served
  gradient[at.beta] = byTaught * taught
  gradient[at.norm] = left * (q * m - share * a - (1 - share) * b)
  gradient[at.rate] = -byU
  gradient[at.rateSize] = -byU * x.size
  gradient[at.rateTokens] = -byU * x.tokens
  gradient[at.rateBatch] = byU * softplus(scarce)
  gradient[at.noise] = byScarce
  gradient[at.waste] = byRateBowl * rateBowl.value
  gradient[at.rateTail] = byRateBowl * rateBowl.byTail
  gradient[at.harm] = harm * wall.value
  gradient[at.harmTail] = harm * wall.byTail
  gradient[at.batch] = byBest
  gradient[at.batchTokens] = byBest * x.tokens
  gradient[at.batchWaste] = byBatchBowl * batchBowl.value
  gradient[at.batchTail] = byBatchBowl * batchBowl.byTail
  gradient[at.repeats] = (byTaught * fresh.byLimit) / fresh.value
  gradient[at.surplus] = (byServed * useful.byLimit) / useful.value
  gradient[at.support] = beyond > 0 ? byServed * (1 - ((1 + beyond) * useful.byX) / useful.value) : 0
  gradient[at.onset] = -overfit * late.byX
  gradient[at.overfit] = memorized
  gradient[at.overfitSize] = memorized * crowd
  gradient[at.overfitUnique] = memorized * x.unique
  gradient[at.overfitTail] = overfit * late.byTail
  return E + left + harm * wall.value + memorized
}

/** ln(best size / N0) where ln(C / (6 N0 D0)) is `compute`, at the best rate and batch and on fresh data (E84). */
export function bestTunedSize(theta: ArrayLike<number>, compute: number): number {
  const alpha = Math.exp(theta[at.alpha])
  const beta = Math.exp(theta[at.beta])
  const q = Math.exp(theta[at.norm])
  const lean = q * (theta[at.alpha] - theta[at.beta]) + theta[at.A] - theta[at.B]
  const size = (lean + beta * compute) / (alpha + beta)
  // So few tokens may not support that size: then the best lies between it and the largest that they do support.
  const supported = (theta[at.support] + compute) / 2
  if (size <= supported) return size
  const scratch = new Float64Array(tunedSize)
  const loss = (n: number) => tunedLoss(theta, bestTunedPoint(theta, n, compute - n), scratch)
  return goldenSection(loss, supported, size)
}

/** The best run of this size on so many fresh tokens, as ln ratios: its batch and its learning rate. */
export function bestTunedPoint(theta: ArrayLike<number>, size: number, tokens: number): TunedPoint {
  const batch = bestTunedBatch(theta, tokens)
  const rate = bestTunedRate(theta, { size, tokens, batch, unique: tokens })
  return { size, tokens, rate, batch, unique: tokens }
}
