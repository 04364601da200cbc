import type { Refusal } from '../../campaign/campaign.ts'
import type { CampaignView, ViewedRun, ViewedSpace } from '../../campaign/view.ts'
import type { Config } from '../../core/config.ts'
import { compact } from '../number.ts'
import { type Block, heading, list, paragraph, table } from '../page/blocks.ts'
import { sentence } from '../prose.ts'
import { words } from '../words/words.ts'
import { batchText, modelText } from './configuration.ts'
import { budgetsText, costOf, sourceText } from './facts.ts'

/** So many refusals are told with their message. */
const mostRefusals = 5

/** Which runs were bought, and why. */
export function purchaseBlocks(view: CampaignView, figure: (name: string) => Block[]): Block[] {
  const { columns: title, ...say } = words().campaign
  const { runs, task, queries, result } = view
  return [
    heading(say.purchases),
    paragraph(say.asked(task.strategy, sourceText(view), queries), words().elsewhere(task.words.design)),
    ...table([title.round, title.whatFor, title.flopsOfRuns, title.runs, title.spent], roundRows(view), 3),
    ...(result ? [paragraph(say.buyingEnded(sentence(words().elsewhere(result.stopped))))] : []),
    ...refusalBlocks(view),
    ...figure('design'),
    ...(runs.length > 0 ? [paragraph(say.appendixLists)] : []),
  ]
}

function roundRows({ runs, rounds }: CampaignView): string[][] {
  const say = words().campaign
  const row = (name: string, title: string, own: readonly ViewedRun[]) => [
    name,
    title,
    own.length > 0 ? budgetsText(own) : say.none,
    String(own.length),
    compact(costOf(own)),
  ]
  const of = (round: number) => runs.filter((run) => run.round === round)
  const given = runs.filter(({ round }) => round < 0)
  return [
    ...(given.length > 0 ? [row(say.before, say.runsBefore, given)] : []),
    ...rounds.map(({ title }, round) => row(String(round), words().elsewhere(title), of(round))),
  ]
}

const refusalBlocks = ({ refused, lost, space }: CampaignView): Block[] => [
  ...refusalList(words().campaign.refused(refused.length), refused, space),
  ...refusalList(words().campaign.lost(lost.length), lost, space),
]

function refusalList(title: string, refusals: readonly Refusal<Config>[], space: ViewedSpace): Block[] {
  if (refusals.length === 0) return []
  const shown = refusals.slice(0, mostRefusals)
  const rest = refusals.length - shown.length
  return [
    paragraph(title),
    ...list(
      shown.map(({ config, message }) => [
        `${words().list([modelText(space, config), words().campaign.batch(batchText(space, config.batchSize)), `${compact(config.trainFlops)} FLOPs`])}${words().marks.colon}`,
        sentence(message),
      ]),
    ),
    ...(rest > 0 ? [paragraph(words().campaign.andMore(rest))] : []),
  ]
}
