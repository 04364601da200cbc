import type { CampaignView } from '../../campaign/view.ts'
import { targetPoints } from '../../report/campaign/facts.ts'
import { beliefs } from '../../report/campaign/figures/beliefs.ts'
import { funnel } from '../../report/campaign/figures/funnel.ts'
import { profiles } from '../../report/campaign/figures/profiles.ts'
import { target } from '../../report/campaign/figures/target.ts'
import type { Figure } from '../../report/draw/figure.ts'
import { compact, interval, nats, percent, significant } from '../../report/number.ts'
import { words } from '../../report/words/words.ts'
import type { FigureTable } from '../parts/figure.tsx'
import { say } from '../words/words.ts'

/** The numbers of figures that are not of single runs, which the table of all runs has. */
export function tableOf(figure: Figure<CampaignView>, view: CampaignView): FigureTable | null {
  const { columns } = say
  switch (figure) {
    case funnel:
      return {
        columns: [words().campaignFigures.funnel.spent, say.loss, '95 %', say.size, '95 %\u00a0'],
        rows: view.history.map(({ spentFlops, estimate: { loss, parameters, interval: ends } }) => [
          compact(spentFlops),
          nats(loss),
          interval(loss, ends.loss, nats),
          significant(parameters),
          interval(parameters, ends.parameters),
        ]),
      }
    case beliefs:
      return {
        columns: [words().campaignFigures.funnel.spent, ...namesOf(view).map(words().elsewhere)],
        rows: view.history.map(({ spentFlops, beliefs }) => [
          compact(spentFlops),
          ...namesOf(view).map((name) => {
            const found = beliefs.find((belief) => belief.name === name)
            return found ? percent(Number(found.weight.toFixed(2))) : '-'
          }),
        ]),
      }
    case target:
      return {
        columns: [say.size, say.loss, '95 %'],
        rows: targetPoints(view).map(({ parameters, loss, low, high }) => [
          significant(parameters),
          nats(loss),
          interval(loss, [low, high], nats),
        ]),
      }
    case profiles:
      return {
        columns: [columns.flops, columns.parameters, columns.loss],
        rows: (view.evidence?.profiles ?? []).map(({ flops, points }) => {
          const least = points.reduce((a, b) => (b.loss < a.loss ? b : a))
          return [compact(flops), significant(least.parameters), nats(least.loss)]
        }),
      }
    default:
      return null
  }
}

const namesOf = ({ history }: CampaignView): string[] => [
  ...new Set(history.flatMap(({ beliefs }) => beliefs.map(({ name }) => name))),
]
