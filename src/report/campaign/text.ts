import type { Campaign, Standing } from '../../campaign/campaign.ts'
import type { TrainingConfig } from '../../core/config.ts'
import type { Diagnostic } from '../../core/diagnostic.ts'
import { nonEmbeddingParameters } from '../../core/flops.ts'
import type { Alternative, AtCap, CampaignRun, Estimate, NamedLaw, Plan } from '../../plan/strategy.ts'
import { compact, counted, excess, nats, significant, withInterval } from '../number.ts'
import { alignColumns, type TextOptions, wrap } from '../page/text.ts'
import type { CampaignTruth } from './json.ts'

/** What a campaign was to do. */
export interface CampaignTask {
  /** Where the runs came from: an address, or `world:NAME`. */
  readonly source: string
  readonly strategy: string
  /** FLOPs. */
  readonly budget: number
  readonly target: number
}

const bold = (text: string, options: TextOptions): string => (options.bold ? `\u001b[1m${text}\u001b[22m` : text)

/** Where a campaign stands, in one line: `3.1e17 of 2e18 FLOPs, 61 runs, N 2.1e8, loss 2.71 [2.65, 2.78], TITLE`. */
export function standingLine({ runs, spent, budget, title, estimate }: Standing): string {
  return [
    `${compact(spent)} of ${compact(budget)} FLOPs`,
    counted(runs.length, 'run'),
    estimate === null ? 'no estimate yet' : estimateText(estimate),
    title,
  ].join(', ')
}

const estimateText = ({ parameters, loss, interval }: Estimate): string =>
  `N ${significant(parameters)}, loss ${withInterval(loss, interval.loss, nats)}`

/** The configurations of a plan, in the order of asking: cost and reason of each. */
export function planText(plan: Plan, budget: number): string {
  if (plan.kind === 'stop') return `Nothing would be asked: ${plan.reason}`
  const { queries, title } = plan
  const cost = queries.reduce((sum, { config }) => sum + config.trainFlops, 0)
  const share = ((100 * cost) / budget).toFixed(1)
  return [
    ...wrap(`First round: ${title}`, '', '  '),
    `${counted(queries.length, 'run')} for ${compact(cost)} FLOPs, ${share} % of ${compact(budget)}`,
    '',
    ...alignColumns(
      [...configTitles, 'reason'].map((title) => ({ title, align: title === 'reason' ? 'left' : 'right' })),
      queries.map(({ config, reason }) => [...configCells(config), reason]),
    ),
  ].join('\n')
}

const configTitles = ['FLOPs', 'N', 'd_model', 'layers', 'heads', 'batch', 'rate']

const configCells = (config: TrainingConfig): string[] => [
  compact(config.trainFlops),
  significant(nonEmbeddingParameters(config.dModel, config.numLayers)),
  ...[config.dModel, config.numLayers, config.numHeads, config.batchSize].map(String),
  significant(config.learningRate),
]

const configText = (config: TrainingConfig): string =>
  `d_model ${config.dModel}, ${config.numLayers} layers, ${config.numHeads} heads, batch ${config.batchSize}, ` +
  `rate ${significant(config.learningRate)}`

/** The answer first, then what it cost, what is true where that is known, and what to know about it. */
export function campaignText(
  campaign: Campaign,
  task: CampaignTask,
  truth: CampaignTruth | null,
  options: TextOptions = {},
): string {
  const { prediction, refused, lost, stopped, diagnostics } = campaign
  const sections = [
    predictionLines(campaign, task, options),
    truth === null ? [] : truthLines(truth, task, options),
    boughtLines(campaign, task, options),
    lawLines(prediction.laws, options),
    alternativeLines(prediction.alternatives, task, options),
    wrap(`Stopped: ${sentence(stopped)}`, '', '  '),
    refused.length === 0 ? [] : wrap(refusedText(campaign), '', '  '),
    lost.length === 0 ? [] : wrap(lostText(campaign), '', '  '),
    prediction.narrowing.length === 0
      ? []
      : wrap(`Would narrow it: ${sentence(prediction.narrowing.map(withoutDot).join('; '))}`, '', '  '),
    diagnostics.flatMap((diagnostic) => diagnosticLines(diagnostic, options)),
  ]
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')
}

function predictionLines({ prediction }: Campaign, { target }: CampaignTask, options: TextOptions): string[] {
  const { config, parameters, tokens, loss, interval, atCap } = prediction
  const rows = [
    ['configuration', configText(config)],
    ['N', withInterval(parameters, interval.parameters)],
    ['D', `${significant(tokens)} tokens`],
    ...(interval.learningRate ? [['rate', withInterval(config.learningRate, interval.learningRate)]] : []),
    ['loss', `${withInterval(loss, interval.loss, nats)} nats/token`],
  ]
  const width = Math.max(...rows.map(([name]) => name.length))
  const ends = Object.values(interval).some((bounds) => bounds !== null) ? ', 95 % intervals' : ''
  return [
    bold(`At ${compact(target)} FLOPs${ends}:`, options),
    ...rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`),
    ...(atCap === null ? [] : atCapLines(atCap)),
  ]
}

/** What is measured apart from what is inferred. */
const atCapLines = ({ config, parameters, loss, interval, gain }: AtCap): string[] => [
  ...wrap(
    `Measured: no run may have more than rate ${compact(config.learningRate)}. There N ${significant(parameters)} is best, ` +
      `loss ${withInterval(loss, interval, nats)}: ${configText(config)}.`,
    '  ',
    '    ',
  ),
  ...wrap(`Inferred: the higher rate gains ${withInterval(gain.loss, gain.interval, nats)} nats more.`, '  ', '    '),
]

function truthLines(truth: CampaignTruth, { source }: CampaignTask, options: TextOptions): string[] {
  const { config, parameters, loss, regret, lossError, covered } = truth
  const interval = covered === null ? '' : `; the interval ${covered ? 'covers' : 'misses'} the truth`
  return [
    bold(`The truth in ${source.replace(/^world:/, '')}:`, options),
    ...wrap(`best: N ${significant(parameters)}, loss ${nats(loss)}; ${configText(config)}`, '  ', '    '),
    `  regret of the predicted configuration: ${excess(regret)} nats/token`,
    `  error of the predicted loss: ${lossError < 0 ? '-' : '+'}${excess(Math.abs(lossError))}${interval}`,
  ]
}

/** What was spent at each budget, and the lowest loss there. */
function boughtLines({ runs, spentFlops }: Campaign, { budget, source }: CampaignTask, options: TextOptions): string[] {
  const groups = Map.groupBy(runs, ({ config }) => config.trainFlops)
  const rows = [...groups]
    .sort(([p], [q]) => p - q)
    .map(([flops, group]) => {
      const best = lowest(group)
      const size = best && nonEmbeddingParameters(best.config.dModel, best.config.numLayers)
      return [
        compact(flops),
        String(group.length),
        compact(group.length * flops),
        best ? nats(best.loss) : '-',
        size === null ? '-' : significant(size),
        best ? significant(best.config.learningRate) : '-',
      ]
    })
  const given = runs.filter(({ round }) => round < 0).length
  const before = given > 0 ? `, ${given} of them there before` : ''
  return [
    bold(
      `${counted(runs.length, 'run')} of ${source} for ${compact(spentFlops)} of ${compact(budget)} FLOPs${before}:`,
      options,
    ),
    ...alignColumns(
      ['FLOPs', 'runs', 'spent', 'lowest loss', 'at N', 'at rate'].map((title) => ({ title, align: 'right' })),
      rows,
    ).map((line) => `  ${line}`),
  ]
}

const lowest = (runs: readonly CampaignRun[]): CampaignRun | null =>
  runs
    .filter(({ loss }) => Number.isFinite(loss))
    .reduce<CampaignRun | null>((low, run) => (low === null || run.loss < low.loss ? run : low), null)

/** More laws than this are named with their weights alone: the report and --json have their coefficients. */
const mostLaws = 3

function lawLines(laws: readonly NamedLaw[], options: TextOptions): string[] {
  if (laws.length === 0) return []
  if (laws.length > mostLaws)
    return wrap(
      `${bold('Laws by belief:', options)} ${laws.map(({ name, weight }) => `${name} ${weight.toFixed(2)}`).join(', ')}.`,
      '',
      '  ',
    )
  return [bold('Laws:', options), ...laws.flatMap(lawText)]
}

function lawText({ name, weight, coefficients }: NamedLaw): string[] {
  const values = Object.entries(coefficients).map(([symbol, value]) => `${symbol} ${significant(value)}`)
  return wrap(`${name}${weight === 1 ? '' : `, weight ${weight.toFixed(2)}`}: ${values.join(', ')}`, '  ', '    ')
}

function alternativeLines(
  alternatives: readonly Alternative[],
  { target }: CampaignTask,
  options: TextOptions,
): string[] {
  if (alternatives.length === 0) return []
  const titles = [...configTitles.slice(1), 'loss', 'excess']
  return [
    bold(`Other sizes at ${compact(target)} FLOPs:`, options),
    ...alignColumns(
      titles.map((title) => ({ title, align: 'right' })),
      alternatives.map(({ config, loss, excess: beyond }) => [
        ...configCells(config).slice(1),
        nats(loss),
        excess(beyond),
      ]),
    ).map((line) => `  ${line}`),
  ]
}

function refusedText({ refused }: Campaign): string {
  const [first] = refused
  return `The API refused ${counted(refused.length, 'configuration')}; the first: ${sentence(first.message)}`
}

function lostText({ lost }: Campaign): string {
  const [first] = lost
  return `What became of ${counted(lost.length, 'run')} is not known; their FLOPs count as spent. The first: ${sentence(first.message)}`
}

const diagnosticLines = ({ severity, code, message, advice }: Diagnostic, options: TextOptions): string[] => [
  ...wrap(`${bold(`${severity === 'warning' ? 'warning' : 'note'} ${code}`, options)}: ${message}`, '', '  '),
  ...wrap(advice, '  '),
]

const withoutDot = (text: string): string => text.replace(/\.$/, '')

const sentence = (text: string): string => `${withoutDot(text)}.`
