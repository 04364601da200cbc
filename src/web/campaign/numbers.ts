import type { CampaignView, ViewedRun } from '../../campaign/view.ts'
import { columnsOf, configText } from '../../report/campaign/configuration.ts'
import { compact, nats, percent, signedNats, significant } from '../../report/number.ts'
import { say } from '../words/words.ts'
import { residuals, view } from './state.ts'

/** What is told of a run where it is pointed at. */
export function tellRun(number: number): string[] {
  const { value } = view
  const run = value?.runs[number]
  if (!value || !run) return []
  const residual = residuals.value.get(run)
  const { space } = value
  return [
    `${say.run(number + 1)} · ${run.round < 0 ? say.given : `${say.columns.round} ${run.round}`}`,
    `${say.columns.loss} ${lossText(run)}${run.loss === null ? '' : ' nats/token'}${residual === undefined ? '' : ` (${signedNats(residual)})`}`,
    `N ${significant(run.parameters)} · ${compact(run.config.trainFlops)} FLOPs`,
    configText(space, run.config),
  ]
}

export const lossText = ({ loss }: ViewedRun): string => (loss === null ? say.diverged : nats(loss))

export const expectedText = ({ expected }: Pick<ViewedRun, 'expected'>): string =>
  expected ? `${nats(expected.loss)} ± ${nats(expected.sd)}` : ''

/** A run as the command that makes it here, where there is one. */
export function commandOf(
  { space }: Pick<CampaignView, 'space'>,
  { config }: Pick<ViewedRun, 'config'>,
): string | null {
  if (space.name !== 'cs336') return null
  const options = Object.entries(columnsOf(space, config)).map(
    ([name, value]) => `--${name.replaceAll('_', '-')} ${value}`,
  )
  return `isoflop train --corpus corpus ${options.join(' ')}`
}

export const recordOf = ({ space }: Pick<CampaignView, 'space'>, run: ViewedRun): string =>
  JSON.stringify({ ...columnsOf(space, run.config), loss: run.loss, round: run.round, reason: run.reason })

export const share = (part: number, whole: number): string => percent(Number(((100 * part) / whole).toFixed(1)) / 100)
