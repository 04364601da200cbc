import { unitsOf } from '../../../core/run.ts'
import type { Estimate } from '../../../fit/groups/replicas.ts'
import type { GroupsAnalysis, PairComparison, Shared } from '../../../fit/groups/result.ts'
import type { SharingName } from '../../../fit/groups/sharing.ts'
import { compact, counted, exponent, type Format, listed, nats, significant } from '../../number.ts'
import { capital } from '../../prose.ts'

/** What the losses are in, and what a difference of them is. */
export const unitsOfGroups = ({ groups: [{ analysis }] }: GroupsAnalysis) => unitsOf(analysis.runs)

/** A name from a table, in quotation marks. */
export const quoted = (name: string): string => `"${name}"`

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
  return `${exponent(Math.abs(value))} [${exponent(from)}, ${exponent(to)}]${unit} ${value < 0 ? 'lower' : 'higher'}`
}

/** What a factor of tokens rests on. */
const openText = ({ interval: [low, high] }: Estimate, unit: string): string =>
  `That holds if both have one plateau E, which these runs tell to within ${exponent(low)} to ${exponent(high)} ${unit}`

/** What a model shares, in words, and what each group has for itself. */
export const sharingWords: Readonly<Record<SharingName, string>> = {
  one: 'one law',
  tokens: 'one law but for a factor of tokens',
  plateau: 'all but the plateau E and a factor of tokens',
  exponents: 'alpha, beta and q',
  own: 'nothing',
}

/** What all groups share; null where there are no two to compare. */
export function togetherText({ groups, comparison }: GroupsAnalysis): string | null {
  const { together, left } = comparison
  if (together === null) return null
  const compared = groups.length - left.length
  return `${capital(compared === 2 ? 'both groups' : `all ${compared} groups together`)} ${keptText(together)}`
}

function keptText({ kept, exponents, tests }: Shared): string {
  if (exponents === null) return `do not share their exponents (p = ${significant(tests.at(-1)!.p, 2)})`
  const { alpha, beta, q } = exponents
  const values = `alpha ${plainText(alpha)}, beta ${plainText(beta)}, q ${plainText(q)}`
  if (kept === 'one') return `follow one law as far as these runs tell: ${values}`
  return `share ${sharingWords[kept]} as far as these runs tell: ${values}`
}

/** One group beside the reference, in sentences without a stop; `unit` is that of a difference of losses. */
export function pairTexts(pair: PairComparison, unit: string): string[] {
  const [a, b] = [quoted(pair.reference), quoted(pair.group)]
  switch (pair.kept) {
    case 'one':
      return [
        `${b} needs ${timesText(pair.tokens!)} the tokens of ${a} for the same loss: no difference that these runs show`,
        openText(pair.plateau, unit),
      ]
    case 'tokens':
      return [
        `${b} needs ${timesText(pair.tokens!)} the tokens of ${a} for the same loss`,
        openText(pair.plateau, unit),
      ]
    case 'plateau':
      return [
        `No one factor of tokens turns ${a} into ${b}: the plateau E of ${b} is ${shiftText(pair.plateau, ` ${unit}`)}`,
        `Above its own plateau it needs ${timesText(pair.tokens!)} the tokens of ${a}`,
        ...worthTexts(pair),
        sameLoss,
      ]
    case 'exponents':
      return [
        `No one factor of tokens turns ${a} into ${b}: the plateau E of ${b} is ${shiftText(pair.plateau, ` ${unit}`)}`,
        `Above its own plateau it needs ${timesText(pair.sizes!)} the parameters and ${timesText(pair.tokens!)} the tokens of ${a}`,
        ...worthTexts(pair),
        sameLoss,
      ]
    case 'own':
      return [
        `No one factor of tokens turns ${a} into ${b}: their exponents differ`,
        `Alpha of ${b} is ${shiftText(pair.differences!.alpha, '')}, beta ${shiftText(pair.differences!.beta, '')}, its plateau E ${shiftText(pair.plateau, ` ${unit}`)}`,
        ...worthTexts(pair),
        sameLoss,
      ]
  }
}

const sameLoss =
  'Losses on other texts, of other tokenizers or in other units have other plateaus: then no tokens are to be compared'

/** What the reference's best run is worth in tokens of the other group. */
function worthTexts({ reference, group, worth }: PairComparison): string[] {
  return worth.map(({ parameters, loss, flops, factor }) => {
    const where = `the loss of ${quoted(reference)} with its best N (${significant(parameters)}) for ${compact(flops)} FLOPs`
    return `To reach ${nats(loss)}, ${where}, ${quoted(group)} needs ${worthText(factor)}`
  })
}

function worthText(factor: Estimate): string {
  const [low, high] = factor.interval
  if (!Number.isFinite(low)) return 'more tokens than any'
  if (Number.isFinite(high)) return `${timesText(factor)} its tokens`
  if (low < 1) return `a number of tokens that these runs do not tell: from ${factorText(low)}x to no end`
  return `at least ${factorText(low)}x its tokens, or more than any`
}

/** What is not in the fits or in the comparison, in sentences without a stop. */
export function leftTexts({ left, comparison, groups }: GroupsAnalysis): string[] {
  const named = (name: string, runs: number) => `${quoted(name)} (${counted(runs, 'run')})`
  const { outliers, reference } = comparison
  return [
    ...left.map(({ name, runs, reason }) => `${named(name, runs)} is not fitted: ${reason.replace(/\.$/, '')}`),
    ...comparison.left.map(({ name, reason }) => `${quoted(name)} is fitted but not compared: ${reason}`),
    ...(reference === null && groups.length > 0 ? ['There are no two groups to compare'] : []),
    ...(outliers.length > 0
      ? [
          `Far from the law of their group, and in no comparison: ${listed(outliers.map(({ group, runs }) => `${counted(runs, 'run')} of ${quoted(group)}`))}`,
        ]
      : []),
  ]
}

/** How the sharing was decided, in a sentence. */
export const methodText = ({ comparison: { level } }: GroupsAnalysis): string =>
  `p: how probable so large a misfit of the sharing is if it holds, by F and by changing the signs of whole budgets, the larger of the two; ` +
  `below ${level} it is given up, and so is every one that shares more`
