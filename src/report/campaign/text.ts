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
import { compact, excess, nats, significant, withInterval } from '../number.ts'
import { type Block, type Column, type Fact, facts, list, type Section, type Text } from '../page/blocks.ts'
import { type Group, type TextOptions, textOf } from '../page/text.ts'
import { sentence, withoutStop } from '../prose.ts'
import { inLanguage, words } from '../words/words.ts'
import { batchText, configText, modelCells } from './configuration.ts'
import { isTrained, type MeasuredRun, sourceName } from './facts.ts'

/** Where a campaign stands, in one line: `3.1e17 of 2e18 FLOPs, 61 runs, N 2.1e8, loss 2.71 [2.65, 2.78], TITLE`. */
export function standingLine({ runs, spentFlops, task, rounds, estimate }: CampaignView): string {
  const say = words().campaign
  const parts = [
    say.ofFlops(compact(spentFlops), compact(task.budget)),
    say.runs(runs.length),
    estimate === null ? say.noEstimate : estimateText(estimate),
    words().elsewhere(rounds.at(-1)?.title ?? ''),
  ].filter(Boolean)
  return words().list(parts)
}

const estimateText = ({ parameters, loss, interval }: ShortForecast): string =>
  words().campaign.estimate(significant(parameters), withInterval(loss, interval.loss, nats))

/** The configurations of a plan, in the order of asking: cost and reason of each. */
export const planText = (plan: Plan, budget: number, space: Space, options: TextOptions = {}): string =>
  inLanguage(options.language ?? 'en', () => planInLanguage(plan, budget, space, options))

function planInLanguage(plan: Plan, budget: number, space: Space, options: TextOptions): string {
  const { columns: named, ...say } = words().campaign
  if (plan.kind !== 'ask') return say.nothingAsked(words().elsewhere(plan.reason))
  const { queries, title } = plan
  const cost = queries.reduce((sum, { config }) => sum + config.trainFlops, 0)
  const view = viewedSpace(space)
  const share = ((100 * cost) / budget).toFixed(1)
  return textOf(
    [
      list([
        say.firstRound(words().elsewhere(title)),
        say.roundCost(queries.length, compact(cost), share, compact(budget)),
      ]),
      [
        {
          kind: 'table',
          columns: [...numbers(configTitles(view)), { title: named.reason, align: 'left' }],
          rows: queries.map(({ config, reason }) => [
            compact(config.trainFlops),
            ...configCells(view, config, space.measure(config, 'none').core),
            words().elsewhere(reason),
          ]),
        },
      ],
    ],
    options,
  )
}

const configTitles = ({ words: model }: ViewedSpace) => [
  'FLOPs',
  'N',
  ...model.words.map(({ title }) => title),
  words().campaign.columns.batch,
  words().campaign.columns.rate,
]

const numbers = (titles: readonly string[]): Column[] => titles.map((title) => ({ title, align: 'right' }))

const configCells = (space: ViewedSpace, config: Config, parameters: number): string[] => [
  significant(parameters),
  ...modelCells(space, config),
  batchText(space, config.batchSize),
  significant(config.learningRate),
]

/** The answer first, then what it cost, what is true where that is known, and what to know about it. */
export const campaignText = (view: EndedView, options: TextOptions = {}): string =>
  inLanguage(options.language ?? 'en', () => textInLanguage(view, options))

function textInLanguage(view: EndedView, options: TextOptions): string {
  const { prediction, stopped, diagnostics } = view.result
  const groups: Group[] = [
    [predictionSection(view)],
    truthSections(view),
    [boughtSection(view)],
    lawBlocks(prediction.laws),
    alternativeSections(view),
    list([words().campaign.stopped(sentence(words().elsewhere(stopped)))]),
    list(refusedTexts(view)),
    list(lostTexts(view)),
    list(narrowingTexts(view)),
    diagnostics.length > 0 ? [{ kind: 'diagnostics', items: diagnostics }] : [],
  ]
  return textOf(groups, options)
}

function predictionSection({ result: { prediction }, task, space }: EndedView): Section {
  const { config, parameters, tokens, loss, interval, atCap } = prediction
  const { rows: title, ...say } = words().campaign
  const rows: Fact[] = [
    [title.configuration, configText(space, config)],
    ['N', withInterval(parameters, interval.parameters)],
    ['D', say.batchTokens(significant(tokens))],
    ...(interval.learningRate ? [[title.rate, withInterval(config.learningRate, interval.learningRate)] as const] : []),
    [title.loss, `${withInterval(loss, interval.loss, nats)} nats/token`],
  ]
  const ends = Object.values(interval).some((bounds) => bounds !== null) ? say.intervals : ''
  return {
    kind: 'section',
    title: say.at(compact(task.target), ends),
    blocks: [facts(rows), ...list(atCap === null ? [] : atCapTexts(space, atCap))],
  }
}

/** What is measured apart from what is inferred. */
const atCapTexts = (space: ViewedSpace, { config, parameters, loss, interval, gain }: AtCap): string[] => [
  words().campaign.measured(
    compact(config.learningRate),
    significant(parameters),
    withInterval(loss, interval, nats),
    configText(space, config),
  ),
  words().campaign.inferredGain(withInterval(gain.loss, gain.interval, nats)),
]

function truthSections({ result: { truth }, task: { source }, space }: EndedView): Section[] {
  if (truth === null) return []
  const { config, parameters, loss, regret, lossError, covered } = truth
  const say = words().campaign
  const lines = [
    say.truthBest(significant(parameters), nats(loss), configText(space, config)),
    say.truthRegret(excess(regret)),
    say.truthError(`${lossError < 0 ? '-' : '+'}${excess(Math.abs(lossError))}`, covered),
  ]
  return [{ kind: 'section', title: say.truthIn(source.replace(/^world:/, '')), blocks: list(lines) }]
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
  const { columns: title, ...say } = words().campaign
  const titles = ['FLOPs', title.runs, title.spent, title.lowestLoss, title.atN, title.atRate]
  return {
    kind: 'section',
    title: say.bought(runs.length, sourceName(source), compact(spentFlops), compact(budget), given),
    blocks: [{ kind: 'table', columns: numbers(titles), rows }],
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
  if (laws.length <= mostLaws)
    return [{ kind: 'section', title: words().campaign.laws, blocks: list(laws.map(lawText)) }]
  const weights = laws.map(weightText).join(words().marks.semicolon)
  const line: Text = [{ strong: words().campaign.lawsByBelief }, `${words().marks.gap}${weights}${words().marks.stop}`]
  return list([line])
}

/** The parts of a name stand closer than the laws do. */
const weightText = ({ name, weight }: NamedLaw): string =>
  `${name.split('; ').map(words().elsewhere).join(words().marks.comma)} ${weight.toFixed(2)}`

function lawText({ name, weight, coefficients }: NamedLaw): string {
  const values = Object.entries(coefficients).map(([symbol, value]) => `${symbol} ${significant(value)}`)
  return `${words().elsewhere(name)}${weight === 1 ? '' : words().campaign.lawWeight(weight.toFixed(2))}${words().marks.colon}${values.join(', ')}`
}

function alternativeSections({ result: { prediction }, task: { target }, space }: EndedView): Section[] {
  const { alternatives } = prediction
  if (alternatives.length === 0) return []
  const rows = alternatives.map(({ config, parameters, loss, excess: beyond }) => [
    ...configCells(space, config, parameters),
    nats(loss),
    excess(beyond),
  ])
  const columns = numbers([
    ...configTitles(space).slice(1),
    words().campaign.columns.loss,
    words().campaign.columns.excess,
  ])
  return [
    {
      kind: 'section',
      title: words().campaign.otherSizesAt(compact(target)),
      blocks: [{ kind: 'table', columns, rows }],
    },
  ]
}

function refusedTexts({ refused }: CampaignView): string[] {
  const [first] = refused
  if (!first) return []
  return [words().campaign.firstRefused(refused.length, sentence(first.message))]
}

function lostTexts({ lost }: CampaignView): string[] {
  const [first] = lost
  if (!first) return []
  return [words().campaign.firstLost(lost.length, sentence(first.message))]
}

function narrowingTexts({ result: { prediction } }: EndedView): string[] {
  const { narrowing } = prediction
  const texts = narrowing.map((text) => withoutStop(words().elsewhere(text)))
  return texts.length === 0 ? [] : [words().campaign.wouldNarrow(sentence(texts.join(words().marks.semicolon)))]
}
