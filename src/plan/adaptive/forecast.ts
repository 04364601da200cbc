import { type Diagnostic, short } from '../../core/diagnostic.ts'
import type { Cut } from '../../joint/cut.ts'
import { type JointFit, mostUsableLoss, type WeightedMode } from '../../joint/fit.ts'
import { jointIndex } from '../../joint/law.ts'
import { median, middle95, normal95 } from '../../numeric/quantile.ts'
import type { AtCap, CampaignRun, Forecast, LawBelief, NamedLaw, Situation } from '../strategy.ts'
import { isTrial } from './climb.ts'
import { alternativesTo, draws, type Expectation, expectAt } from './predict.ts'

/** What a joint fit says about the target, with what the reader should know. */
export function forecastOf(situation: Situation, fit: JointFit): Forecast {
  const { target, space, seed } = situation
  const expectation = expectAt(fit, target, space.targetLimits, seed)
  const { config, parameters, tokens, loss, interval } = expectation
  return {
    config,
    parameters,
    tokens,
    loss,
    interval,
    atCap: atCapOf(situation, fit, expectation),
    alternatives: alternativesTo(expectation, space.targetLimits),
    laws: believed(fit).map(lawOf),
    narrowing: narrowingOf(expectation),
    diagnostics: diagnosticsOf(situation, fit, expectation),
  }
}

/** The modes that are worth telling. */
const believed = ({ modes }: JointFit): readonly WeightedMode[] => modes.filter(({ weight }) => weight >= 0.01)

/** How far each law is believed. */
export const beliefsOf = (fit: JointFit): LawBelief[] =>
  believed(fit).map((one) => ({ name: nameOf(one), weight: one.weight }))

/** The best at a rate that runs may have, and what the chosen, higher rate is inferred to gain; null where it is not higher. */
function atCapOf({ target, space, seed }: Situation, fit: JointFit, chosen: Expectation): AtCap | null {
  const { most } = space.limits.learningRate
  if (chosen.config.learningRate <= most) return null
  const limits = { ...space.targetLimits, learningRate: { ...space.targetLimits.learningRate, most } }
  const { config, parameters, tokens, loss, interval } = expectAt(fit, target, limits, seed, draws.estimate)
  const [capped, free] = [config, chosen.config].map((one) => chosen.posterior.losses(chosen.posterior.placeOf(one)))
  const gains = capped.map((value, i) => value - free[i])
  const gain = { loss: median(gains), interval: middle95(gains) }
  return { config, parameters, tokens, loss, interval: interval.loss, gain }
}

function nameOf({ mode }: WeightedMode): string {
  const { form, accounting, space } = mode.fitted
  return `${form}; ${space.accountings[accounting]}`
}

/** A mode in the units that people use: nats, exponents, the learning rate itself. */
function lawOf({ mode, weight }: WeightedMode): NamedLaw {
  const { theta, scales } = mode.fitted
  const value = (name: keyof typeof jointIndex) => theta[jointIndex[name]]
  const left = value('left')
  const lean = (value('balance') - value('alpha') + value('beta')) / 2
  return {
    name: nameOf({ mode, weight }),
    weight,
    coefficients: {
      E: Math.exp(value('E')),
      A: Math.exp(left + lean),
      B: Math.exp(left - lean),
      alpha: Math.exp(value('alpha')),
      beta: Math.exp(value('beta')),
      bestRate: Math.exp(value('rate')),
      rateSize: value('rateSize'),
      rateTokens: value('rateTokens'),
      widthPerLayer: Math.exp(value('ratio')),
      noise: Math.exp(scales.noise),
    },
  }
}

const sourceText = {
  law: "the law's coefficients: more runs of any kind narrow it",
  form: 'which form of the law holds: runs at other tokens per parameter and at higher budgets tell them apart',
  bend: 'whether the law bends beyond the largest budget: only runs at higher budgets tell',
} as const

/** The sources of the loss's uncertainty, the largest first, and what comes on top of it for whoever makes the run. */
function narrowingOf({ sources, scatter }: Expectation): string[] {
  const total = Object.values(sources).reduce((sum, sd) => sum + sd * sd, 0)
  const shares = (Object.keys(sourceText) as (keyof typeof sourceText)[])
    .map((name) => ({ name, share: sources[name] ** 2 / total, sd: sources[name] }))
    .filter(({ share }) => share >= 0.05)
    .sort((a, b) => b.share - a.share)
    .map(
      ({ name, share, sd }) =>
        `${Math.round(100 * share)} % of the variance (sd ${sd.toFixed(3)}) is ${sourceText[name]}`,
    )
  return [
    ...shares,
    `a single run scatters about the expected loss by its noise (sd ${scatter.toFixed(3)}) in addition`,
  ]
}

function diagnosticsOf(situation: Situation, fit: JointFit, expectation: Expectation): Diagnostic[] {
  return [
    ...setAside(situation, fit),
    ...manyDiverged(situation, expectation),
    ...openCuts(fit),
    ...endOfSizes(situation, expectation),
    ...censoredRate(situation, expectation),
    ...foretold(situation, fit),
    ...disagreement(fit),
    ...outlying(fit),
  ]
}

function setAside({ runs }: Situation, { used, cut }: JointFit): Diagnostic[] {
  const diverged = runs.filter(({ loss }) => !Number.isFinite(loss)).length
  const high = runs.length - used.length - diverged
  if (high + diverged === 0) return []
  return [
    {
      code: 'untrained-set-aside',
      severity: 'info',
      message: `${high + diverged} of ${runs.length} runs are not in the fit: ${[
        ...(high > 0 ? [`${high} because their loss is ${cut} nats or more`] : []),
        ...(diverged > 0 ? [`${diverged} because they diverged`] : []),
      ].join(', ')}.`,
      evidence: { high, diverged, cut },
      advice: 'Such runs tell about the beginning of training; the law is about trained models.',
    },
  ]
}

/** From this share of all runs on it is said that they diverged. */
const manyShare = 0.25

/** So many runs of larger models than any that finished say that such models do not train. */
const fewestBeyond = 3

/** Whoever trains has to be told how much diverging runs cost, and whether models of the predicted size ever finished. */
function manyDiverged({ runs, space }: Situation, { parameters }: Expectation): Diagnostic[] {
  const sizes = (list: typeof runs) => list.map(({ config }) => space.measure(config, 'none').core)
  const finished = sizes(runs.filter(({ loss }) => Number.isFinite(loss)))
  const diverged = runs.length - finished.length
  const [tried, reached] = [Math.max(...sizes(runs)), Math.max(...finished)]
  const beyond = sizes(runs).filter((size) => size > reached).length
  if (diverged < manyShare * runs.length && (beyond < fewestBeyond || parameters <= reached)) return []
  const never = reached < tried ? ` None of more than ${short(reached)} parameters finished.` : ''
  return [
    {
      code: 'many-diverged',
      severity: 'warning',
      message: `${diverged} of ${runs.length} runs diverged.${never}`,
      evidence: { diverged, runs: runs.length, tried, finished: reached, predicted: parameters },
      advice:
        'Runs near those that diverged are no longer bought, but the prediction is of a model that trains: leave models and rates that diverge out of what may be asked.',
    },
  ]
}

/** A size is at the end of those that the target may have within this share of it. */
const endShare = 0.01

function endOfSizes({ space }: Situation, { parameters }: Expectation): Diagnostic[] {
  const { least, most } = space.targetLimits.models.parameters
  const isLargest = parameters >= most * (1 - endShare)
  if (least === most || (!isLargest && parameters > least * (1 + endShare))) return []
  const [end, other] = isLargest ? ['largest', 'larger'] : ['smallest', 'smaller']
  return [
    {
      code: 'size-at-end',
      severity: 'warning',
      message: `The best model at the target is the ${end} that it may be, of ${short(parameters)} parameters.`,
      evidence: { parameters, least, most },
      advice: `A ${other} one may be better, and the interval of the best size ends there: widen the space, if you can train it.`,
    },
  ]
}

function openCuts({ cuts }: JointFit): Diagnostic[] {
  if (cuts.length < 2) return []
  const beliefIn = ({ cut, belief }: Cut) =>
    `laws of ${cut === mostUsableLoss ? 'all runs' : `those below ${cut} nats`} have ${Math.round(100 * belief)} % of the belief`
  return [
    {
      code: 'early-runs-undecided',
      severity: 'info',
      message: `Whether runs that learned little obey the law of the others is open: ${cuts.map(beliefIn).join(', ')}.`,
      evidence: { cuts: cuts.map(({ cut, belief }) => ({ cut, belief })) },
      advice: 'Prediction and intervals average over both; more runs that learned enough would tell.',
    },
  ]
}

/** A best rate that is higher than the cap by no more than this share of it is at the cap: rates are not known so well. */
const capShare = 0.05

function censoredRate({ space }: Situation, { config, interval }: Expectation): Diagnostic[] {
  const { most } = space.limits.learningRate
  if (config.learningRate <= most * (1 + capShare)) return []
  const put = config.learningRate.toPrecision(2)
  return [
    {
      code: 'rate-beyond-cap',
      severity: 'warning',
      message: `The best learning rate at the target is put at ${put}; no run may have more than ${most}.`,
      evidence: { learningRate: config.learningRate, interval: interval.learningRate, most },
      advice:
        'The rate is extrapolated: it rests on the law of the best rate and its prior. Sweep it at the target if you can.',
    },
  ]
}

/**
 * Runs whose loss was predicted before they were bought: how many fell where they should. Those that tried the law of early runs do not
 * count where that law was given up.
 */
function foretold({ runs }: Situation, { cut }: JointFit): Diagnostic[] {
  const isJudged = (run: CampaignRun) => Number.isFinite(run.loss) && !(cut < mostUsableLoss && isTrial(run))
  const checked = runs.flatMap((run) => (run.expected && isJudged(run) ? [deviates(run)] : []))
  if (checked.length < 5) return []
  const inside = checked.filter((z) => Math.abs(z) <= normal95).length
  return [
    {
      code: 'predicted-runs',
      severity: inside < 0.8 * checked.length ? 'warning' : 'info',
      message: `${inside} of ${checked.length} runs fell into the 95 % interval that was predicted before they were bought.`,
      evidence: { inside, checked: checked.length },
      advice: 'Far fewer than 95 % would say that the law does not hold where the campaign went.',
    },
  ]
}

const deviates = ({ loss, expected }: CampaignRun): number => (expected ? (loss - expected.loss) / expected.sd : 0)

function disagreement({ modes }: JointFit): Diagnostic[] {
  const [first] = modes
  if (first.weight >= 0.5) return []
  return [
    {
      code: 'forms-undecided',
      severity: 'info',
      message: `No form of the law has half of the belief; the first, "${lawOf(first).name}", has ${Math.round(100 * first.weight)} %.`,
      evidence: { weights: modes.slice(0, 5).map((mode) => [lawOf(mode).name, mode.weight]) },
      advice: 'Prediction and intervals average over all of them.',
    },
  ]
}

/** Runs this many standard deviations from the leading law are told. */
const farOut = 4.5

function outlying({ modes, used }: JointFit): Diagnostic[] {
  const { mode } = modes[0]
  const far = used.filter(({ config, loss }) => {
    const x = mode.point(config)
    return Math.abs(loss - mode.lossOf(mode.fitted, x)) > farOut * mode.scatter(x, loss)
  })
  if (far.length === 0) return []
  return [
    {
      code: 'outliers',
      severity: 'warning',
      message: `${far.length} of ${used.length} runs lie more than ${farOut} standard deviations from the law.`,
      evidence: { runs: far.slice(0, 10).map(({ config, loss }) => ({ ...config, loss })) },
      advice: 'They count for little in the fit. Look at them: a crashed or mistyped run looks like this.',
    },
  ]
}
