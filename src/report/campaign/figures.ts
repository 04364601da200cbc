import { type FigureText, newDocument, svgText } from '../draw/svg.ts'
import { backtest } from './figures/backtest.ts'
import { batch } from './figures/batch.ts'
import { design } from './figures/design.ts'
import { profiles } from './figures/profiles.ts'
import { rates } from './figures/rates.ts'
import { residuals } from './figures/residuals.ts'
import { target } from './figures/target.ts'
import type { CampaignFigure, CampaignReport } from './input.ts'

/** The figures of a campaign, in the order of its write-up. */
export const campaignFigures: readonly CampaignFigure[] = [design, residuals, backtest, profiles, target, rates, batch]

/** Every figure that the campaign has what it takes for, as SVG text, by its name. */
export function drawCampaign(report: CampaignReport): Map<string, FigureText> {
  return new Map(
    campaignFigures.flatMap((figure) => {
      const svg = figure.draw(report, newDocument())
      if (svg === null) return []
      const { name, title } = figure
      const text = { name, title, caption: figure.caption(report), alt: figure.alt(report), svg: svgText(svg) }
      return [[name, text] as const]
    }),
  )
}
