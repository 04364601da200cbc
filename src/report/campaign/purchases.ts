import type { Refusal } from '../../campaign/campaign.ts'
import type { CampaignView, ViewedRun, ViewedSpace } from '../../campaign/view.ts'
import type { Config } from '../../core/config.ts'
import { compact, counted } from '../number.ts'
import { type Block, heading, list, paragraph, table } from '../page/blocks.ts'
import { sentence } from '../prose.ts'
import { batchText, modelText } from './configuration.ts'
import { budgetsText, costOf, sourceText } from './facts.ts'

/** So many refusals are told with their message. */
const mostRefusals = 5

/** Which runs were bought, and why. */
export function purchaseBlocks(view: CampaignView, figure: (name: string) => Block[]): Block[] {
  const { runs, task, queries, result } = view
  return [
    heading('1. Which runs were bought, and why'),
    paragraph(
      `The strategy ${task.strategy} asked ${sourceText(view)} for ${counted(queries, 'run')}. `,
      task.words.design,
    ),
    ...table(['round', 'what for', 'FLOPs of the runs', 'runs', 'spent'], roundRows(view), 3),
    ...(result ? [paragraph(`Buying ended: ${sentence(result.stopped)}`)] : []),
    ...refusalBlocks(view),
    ...figure('design'),
    ...(runs.length > 0 ? [paragraph('The appendix lists every run with its reason.')] : []),
  ]
}

function roundRows({ runs, rounds }: CampaignView): string[][] {
  const row = (name: string, title: string, own: readonly ViewedRun[]) => [
    name,
    title,
    own.length > 0 ? budgetsText(own) : 'none',
    String(own.length),
    compact(costOf(own)),
  ]
  const of = (round: number) => runs.filter((run) => run.round === round)
  const given = runs.filter(({ round }) => round < 0)
  return [
    ...(given.length > 0 ? [row('before', 'runs that were there before the campaign', given)] : []),
    ...rounds.map(({ title }, round) => row(String(round), title, of(round))),
  ]
}

const refusalBlocks = ({ refused, lost, space }: CampaignView): Block[] => [
  ...refusalList(`The API refused ${counted(refused.length, 'configuration')}, which cost nothing:`, refused, space),
  ...refusalList(
    `What became of ${counted(lost.length, 'run')} is not known; their FLOPs count as spent:`,
    lost,
    space,
  ),
]

function refusalList(title: string, refusals: readonly Refusal<Config>[], space: ViewedSpace): Block[] {
  if (refusals.length === 0) return []
  const shown = refusals.slice(0, mostRefusals)
  const rest = refusals.length - shown.length
  return [
    paragraph(title),
    ...list(
      shown.map(({ config, message }) => [
        `${modelText(space, config)}, batch ${batchText(space, config.batchSize)}, ${compact(config.trainFlops)} FLOPs: `,
        sentence(message),
      ]),
    ),
    ...(rest > 0 ? [paragraph(`And ${rest} more.`)] : []),
  ]
}
