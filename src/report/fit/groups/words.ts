import { unitsOf } from '../../../core/run.ts'
import type { Estimate } from '../../../fit/groups/replicas.ts'
import type { GroupsAnalysis, PairComparison, Shared } from '../../../fit/groups/result.ts'
import type { SharingName } from '../../../fit/groups/sharing.ts'
import { compact, exponent, type Format, listed, nats, significant } from '../../number.ts'
import { withoutStop } from '../../prose.ts'
import { words } from '../../words/words.ts'

/** What the losses are in, and what a difference of them is. */
export const unitsOfGroups = ({ groups: [{ analysis }] }: GroupsAnalysis) => unitsOf(analysis.runs)

/** A name from a table, in quotation marks. */
export const quoted = (name: string): string => words().groups.quoted(name)

/** Factors beyond these are said to be beyond them: far from the runs their digits mean nothing. */
const farthest = { most: 1000, least: 0.001 } as const

function factorText(x: number, digits = 2): string {
  return x > farthest.most ? `>${farthest.most}` : x < farthest.least ? `<${farthest.least}` : significant(x, digits)
}

/** An interval narrower than this has three digits. */
const narrowFactor = 1.25

const ends = ({ interval: [low, high] }: Estimate, format: Format): string => `[${format(low)}, ${format(high)}]`

/** `1.7x [1.5, 2.0]`, `1.70x [1.68, 1.73]`. */
export function timesText(estimate: Estimate): string {
  const [low, high] = estimate.interval
  const format: Format = (x) => factorText(x, high / low < narrowFactor ? 3 : 2)
  return `${format(estimate.value)}x ${ends(estimate, format)}`
}

/** `0.310 [0.280, 0.340]`. */
const plainText = (estimate: Estimate): string => `${exponent(estimate.value)} ${ends(estimate, exponent)}`

/** `0.310 [0.280, 0.340] nats higher` or `lower`. */
function shiftText({ value, interval: [low, high] }: Estimate, unit: string): string {
  const [from, to] = value < 0 ? [-high, -low] : [low, high]
  const shift = `${exponent(Math.abs(value))} [${exponent(from)}, ${exponent(to)}]${unit}`
  return value < 0 ? words().groups.lower(shift) : words().groups.higher(shift)
}

/** What a factor of tokens rests on. */
const openText = ({ interval: [low, high] }: Estimate, unit: string): string =>
  words().groups.onePlateau(exponent(low), exponent(high), unit)

/** What a model shares, in words, and what each group has for itself. */
export const sharingText = (name: SharingName): string => words().groups.sharing[name]

/** What all groups share; null where there are no two to compare. */
export function togetherText({ groups, comparison }: GroupsAnalysis): string | null {
  const { together, left } = comparison
  if (together === null) return null
  const compared = groups.length - left.length
  return words().groups.together(compared, keptText(together))
}

function keptText({ kept, exponents, tests }: Shared): string {
  const say = words().groups
  if (exponents === null) return say.ownExponents(significant(tests.at(-1)!.p, 2))
  const { alpha, beta, q } = exponents
  const values = say.values(plainText(alpha), plainText(beta), plainText(q))
  if (kept === 'one') return say.oneLaw(values)
  return say.share(sharingText(kept), values)
}

/** One group beside the reference, in sentences without a stop; `unit` is that of a difference of losses. */
export const pairTexts = (pair: PairComparison, unit: string): string[] => [
  ...sharedTexts(pair, unit),
  ...optimaTexts(pair, unit),
]

/** The best run of a group beside the reference's for the largest budget that is asked for. */
function optimaTexts({ reference, group, optima }: PairComparison, unit: string): string[] {
  if (optima.length === 0) return []
  const { flops, parameters, tokens, loss } = optima.reduce((a, b) => (b.flops > a.flops ? b : a))
  const [N, D, shift] = [timesText(parameters), timesText(tokens), shiftText(loss, ` ${unit}`)]
  return [words().groups.optima(compact(flops), quoted(group), quoted(reference), N, D, shift)]
}

function sharedTexts(pair: PairComparison, unit: string): string[] {
  const say = words().groups
  const [a, b] = [quoted(pair.reference), quoted(pair.group)]
  switch (pair.kept) {
    case 'one':
      return [say.needs(b, timesText(pair.tokens!), a) + say.noDifference, openText(pair.plateau, unit)]
    case 'tokens':
      return [say.needs(b, timesText(pair.tokens!), a), openText(pair.plateau, unit)]
    case 'plateau':
      return [
        say.noFactor(a, b, shiftText(pair.plateau, ` ${unit}`)),
        say.abovePlateau(timesText(pair.tokens!), a),
        ...worthTexts(pair),
        say.sameLoss,
      ]
    case 'exponents':
      return [
        say.noFactor(a, b, shiftText(pair.plateau, ` ${unit}`)),
        say.abovePlateauSizes(timesText(pair.sizes!), timesText(pair.tokens!), a),
        ...worthTexts(pair),
        say.sameLoss,
      ]
    case 'own':
      return [
        say.exponentsDiffer(a, b),
        say.differences(
          b,
          shiftText(pair.differences!.alpha, ''),
          shiftText(pair.differences!.beta, ''),
          shiftText(pair.plateau, ` ${unit}`),
        ),
        ...worthTexts(pair),
        say.sameLoss,
      ]
  }
}

/** What the reference's best run is worth in tokens of the other group. */
function worthTexts({ reference, group, worth }: PairComparison): string[] {
  return worth.map(({ parameters, loss, flops, factor }) => {
    const [N, C] = [significant(parameters), compact(flops)]
    return words().groups.toReach(nats(loss), quoted(reference), N, C, quoted(group), worthText(factor))
  })
}

function worthText(factor: Estimate): string {
  const say = words().groups
  const [low, high] = factor.interval
  if (!Number.isFinite(low)) return say.moreThanAny
  if (Number.isFinite(high)) return say.itsTokens(timesText(factor))
  if (low < 1) return say.notTold(factorText(low))
  return say.atLeast(factorText(low))
}

/** What is not in the fits or in the comparison, in sentences without a stop. */
export function leftTexts({ left, comparison, groups }: GroupsAnalysis): string[] {
  const say = words().groups
  const { outliers, reference } = comparison
  return [
    ...left.map(({ name, runs, reason }) =>
      say.notFitted(say.named(quoted(name), runs), words().elsewhere(withoutStop(reason))),
    ),
    ...comparison.left.map(({ name, reason }) => say.notCompared(quoted(name), words().elsewhere(reason))),
    ...(reference === null && groups.length > 0 ? [say.noTwo] : []),
    ...(outliers.length > 0
      ? [say.outliers(listed(outliers.map(({ group, runs }) => say.runsOf(runs, quoted(group)))))]
      : []),
  ]
}

/** How the sharing was decided, in a sentence. */
export const methodText = ({ comparison: { level } }: GroupsAnalysis): string => words().groups.method(level)
