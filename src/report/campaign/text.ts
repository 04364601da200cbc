import {
  type CampaignView,
  type EndedView,
  type ViewedRun,
  type ViewedSpace,
  viewedSpace,
} from '../../campaign/view.ts'
import type { Config } from '../../core/config.ts'
import { groupBy } from '../../core/group-by.ts'
import type { AtCap, NamedLaw, Plan, ShortForecast } from '../../plan/strategy.ts'
import type { Space } from '../../space/space.ts'
import { compact, counted, excess, nats, significant, withInterval } from '../number.ts'
import { type Block, type Column, type Fact, facts, list, type Section, type Text } from '../page/blocks.ts'
import { type Group, type TextOptions, textOf } from '../page/text.ts'
import { sentence, withoutStop } from '../prose.ts'
import { batchText, configText, modelCells } from './configuration.ts'
import { isTrained, type MeasuredRun } from './facts.ts'

/** Where a campaign stands, in one line: `3.1e17 of 2e18 FLOPs, 61 runs, N 2.1e8, loss 2.71 [2.65, 2.78], TITLE`. */
export function standingLine({ runs, spentFlops, task, rounds, estimate }: CampaignView): string {
  return [
    `${compact(spentFlops)} of ${compact(task.budget)} FLOPs`,
    counted(runs.length, 'run'),
    estimate === null ? 'no estimate yet' : estimateText(estimate),
    rounds.at(-1)?.title ?? '',
  ]
    .filter(Boolean)
    .join(', ')
}

const estimateText = ({ parameters, loss, interval }: ShortForecast): string =>
  `N ${significant(parameters)}, loss ${withInterval(loss, interval.loss, nats)}`

/** The configurations of a plan, in the order of asking: cost and reason of each. */
export function planText(plan: Plan, budget: number, space: Space): string {
  if (plan.kind === 'stop') return `Nothing would be asked: ${plan.reason}`
  const { queries, title } = plan
  const cost = queries.reduce((sum, { config }) => sum + config.trainFlops, 0)
  const view = viewedSpace(space)
  const share = ((100 * cost) / budget).toFixed(1)
  return textOf([
    list([
      `First round: ${title}`,
      `${counted(queries.length, 'run')} for ${compact(cost)} FLOPs, ${share} % of ${compact(budget)}`,
    ]),
    [
      {
        kind: 'table',
        columns: [...numbers(configTitles(view)), { title: 'reason', align: 'left' }],
        rows: queries.map(({ config, reason }) => [
          compact(config.trainFlops),
          ...configCells(view, config, space.measure(config, 'none').core),
          reason,
        ]),
      },
    ],
  ])
}

const configTitles = ({ words }: ViewedSpace) => [
  'FLOPs',
  'N',
  ...words.words.map(({ title }) => title),
  'batch',
  'rate',
]

const numbers = (titles: readonly string[]): Column[] => titles.map((title) => ({ title, align: 'right' }))

const configCells = (space: ViewedSpace, config: Config, parameters: number): string[] => [
  significant(parameters),
  ...modelCells(space, config),
  batchText(space, config.batchSize),
  significant(config.learningRate),
]

/** The answer first, then what it cost, what is true where that is known, and what to know about it. */
export function campaignText(view: EndedView, options: TextOptions = {}): string {
  const { prediction, stopped, diagnostics } = view.result
  const groups: Group[] = [
    [predictionSection(view)],
    truthSections(view),
    [boughtSection(view)],
    lawBlocks(prediction.laws),
    alternativeSections(view),
    list([`Stopped: ${sentence(stopped)}`]),
    list(refusedTexts(view)),
    list(lostTexts(view)),
    list(narrowingTexts(view)),
    diagnostics.length > 0 ? [{ kind: 'diagnostics', items: diagnostics }] : [],
  ]
  return textOf(groups, options)
}

function predictionSection({ result: { prediction }, task, space }: EndedView): Section {
  const { config, parameters, tokens, loss, interval, atCap } = prediction
  const rows: Fact[] = [
    ['configuration', configText(space, config)],
    ['N', withInterval(parameters, interval.parameters)],
    ['D', `${significant(tokens)} tokens`],
    ...(interval.learningRate ? [['rate', withInterval(config.learningRate, interval.learningRate)] as const] : []),
    ['loss', `${withInterval(loss, interval.loss, nats)} nats/token`],
  ]
  const ends = Object.values(interval).some((bounds) => bounds !== null) ? ', 95 % intervals' : ''
  return {
    kind: 'section',
    title: `At ${compact(task.target)} FLOPs${ends}:`,
    blocks: [facts(rows), ...list(atCap === null ? [] : atCapTexts(space, atCap))],
  }
}

/** What is measured apart from what is inferred. */
const atCapTexts = (space: ViewedSpace, { config, parameters, loss, interval, gain }: AtCap): string[] => [
  `Measured: no run may have more than rate ${compact(config.learningRate)}. There N ${significant(parameters)} is best, ` +
    `loss ${withInterval(loss, interval, nats)}: ${configText(space, config)}.`,
  `Inferred: the higher rate gains ${withInterval(gain.loss, gain.interval, nats)} nats more.`,
]

function truthSections({ result: { truth }, task: { source }, space }: EndedView): Section[] {
  if (truth === null) return []
  const { config, parameters, loss, regret, lossError, covered } = truth
  const interval = covered === null ? '' : `; the interval ${covered ? 'covers' : 'misses'} the truth`
  const lines = [
    `best: N ${significant(parameters)}, loss ${nats(loss)}; ${configText(space, config)}`,
    `regret of the predicted configuration: ${excess(regret)} nats/token`,
    `error of the predicted loss: ${lossError < 0 ? '-' : '+'}${excess(Math.abs(lossError))}${interval}`,
  ]
  return [{ kind: 'section', title: `The truth in ${source.replace(/^world:/, '')}:`, blocks: list(lines) }]
}

/** What was spent at each budget, and the lowest loss there. */
function boughtSection({ runs, spentFlops, task: { budget, source } }: EndedView): Section {
  const groups = groupBy(runs, ({ config }) => config.trainFlops)
  const rows = [...groups]
    .sort(([p], [q]) => p - q)
    .map(([flops, group]) => {
      const best = lowest(group)
      return [
        compact(flops),
        String(group.length),
        compact(group.length * flops),
        best ? nats(best.loss) : '-',
        best ? significant(best.parameters) : '-',
        best ? significant(best.config.learningRate) : '-',
      ]
    })
  const given = runs.filter(({ round }) => round < 0).length
  const before = given > 0 ? `, ${given} of them there before` : ''
  return {
    kind: 'section',
    title: `${counted(runs.length, 'run')} of ${source} for ${compact(spentFlops)} of ${compact(budget)} FLOPs${before}:`,
    blocks: [{ kind: 'table', columns: numbers(['FLOPs', 'runs', 'spent', 'lowest loss', 'at N', 'at rate']), rows }],
  }
}

const lowest = (runs: readonly ViewedRun[]): MeasuredRun | null =>
  runs
    .filter(isTrained)
    .reduce<MeasuredRun | null>((low, run) => (low === null || run.loss < low.loss ? run : low), null)

/** More laws than this are named with their weights alone: the report and --json have their coefficients. */
const mostLaws = 3

function lawBlocks(laws: readonly NamedLaw[]): Block[] {
  if (laws.length === 0) return []
  if (laws.length <= mostLaws) return [{ kind: 'section', title: 'Laws:', blocks: list(laws.map(lawText)) }]
  const weights = laws.map(({ name, weight }) => `${name} ${weight.toFixed(2)}`).join(', ')
  const line: Text = [{ strong: 'Laws by belief:' }, ` ${weights}.`]
  return list([line])
}

function lawText({ name, weight, coefficients }: NamedLaw): string {
  const values = Object.entries(coefficients).map(([symbol, value]) => `${symbol} ${significant(value)}`)
  return `${name}${weight === 1 ? '' : `, weight ${weight.toFixed(2)}`}: ${values.join(', ')}`
}

function alternativeSections({ result: { prediction }, task: { target }, space }: EndedView): Section[] {
  const { alternatives } = prediction
  if (alternatives.length === 0) return []
  const rows = alternatives.map(({ config, parameters, loss, excess: beyond }) => [
    ...configCells(space, config, parameters),
    nats(loss),
    excess(beyond),
  ])
  const columns = numbers([...configTitles(space).slice(1), 'loss', 'excess'])
  return [
    {
      kind: 'section',
      title: `Other sizes at ${compact(target)} FLOPs:`,
      blocks: [{ kind: 'table', columns, rows }],
    },
  ]
}

function refusedTexts({ refused }: CampaignView): string[] {
  const [first] = refused
  if (!first) return []
  return [`The API refused ${counted(refused.length, 'configuration')}; the first: ${sentence(first.message)}`]
}

function lostTexts({ lost }: CampaignView): string[] {
  const [first] = lost
  if (!first) return []
  return [
    `What became of ${counted(lost.length, 'run')} is not known; their FLOPs count as spent. The first: ${sentence(first.message)}`,
  ]
}

function narrowingTexts({ result: { prediction } }: EndedView): string[] {
  const { narrowing } = prediction
  return narrowing.length === 0 ? [] : [`Would narrow it: ${sentence(narrowing.map(withoutStop).join('; '))}`]
}
