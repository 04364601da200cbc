import type { AskedRun, StudyStanding } from '../../campaign/study.ts'
import { viewedSpace } from '../../campaign/view.ts'
import type { Forecast } from '../../plan/strategy.ts'
import type { Space } from '../../space/space.ts'
import { compact, nats, significant, withInterval } from '../number.ts'
import { facts, list, table } from '../page/blocks.ts'
import { type TextOptions, textOf } from '../page/text.ts'
import { inLanguage, words } from '../words/words.ts'
import { configText } from './configuration.ts'

/** What `isoflop campaign next`, `tell` and `forecast` say, for a terminal. */

/** The runs to launch. */
export const askedText = (runs: readonly AskedRun[], space: Space, options: TextOptions = {}): string =>
  inLanguage(options.language ?? 'en', () => {
    const view = viewedSpace(space)
    const rows = runs.map(({ id, config, expected }) => [
      id,
      configText(view, config as never),
      compact(config.trainFlops),
      expected ? `${nats(expected.loss)} ± ${nats(expected.sd)}` : '-',
    ])
    const { id, configuration, expected } = words().study.columns
    return textOf([table([id, configuration, 'FLOPs', expected], rows, 2)], options)
  })

/** Why there is no run to launch. */
export const noneText = ({ state, reason }: StudyStanding, options: TextOptions = {}): string =>
  inLanguage(options.language ?? 'en', () => {
    const say = words().study
    return textOf([list([say.none(say.states[state], words().elsewhere(reason))])], options)
  })

/** What was taken: outcomes, and of how many runs how far they are. */
export interface TakenCounts {
  readonly taken: number
  readonly reported: number
}

/** Where a study stands, once that was taken. */
export const toldText = (
  { taken, reported }: TakenCounts,
  standing: StudyStanding,
  options: TextOptions = {},
): string =>
  inLanguage(options.language ?? 'en', () => {
    const { study, marks } = words()
    const said = [
      ...(taken > 0 || reported === 0 ? [study.taken(taken)] : []),
      ...(reported > 0 ? [study.reported(reported)] : []),
      standsText(standing),
    ]
    return textOf([list([said.join(marks.gap)])], options)
  })

/** What to expect at the target, and where the study stands. */
export const forecastText = (
  { config, parameters, tokens, loss, interval, diagnostics }: Forecast,
  standing: StudyStanding,
  space: Space,
  options: TextOptions = {},
): string =>
  inLanguage(options.language ?? 'en', () => {
    const { elsewhere, marks, campaign } = words()
    return textOf(
      [
        [
          facts([
            [campaign.rows.configuration, configText(viewedSpace(space), config as never)],
            ['N', withInterval(parameters, interval.parameters)],
            ['D', significant(tokens)],
            [campaign.rows.loss, `${withInterval(loss, interval.loss, nats)} nats/token`],
          ]),
        ],
        list(diagnostics.map(({ message, advice }) => `${elsewhere(message)}${marks.gap}${elsewhere(advice)}`)),
        list([standsText(standing)]),
      ],
      options,
    )
  })

function standsText({ told, running, spent, budget, state, reason }: StudyStanding): string {
  const say = words().study
  const where = say.stands(told.length, running.length, compact(spent), compact(budget))
  return `${where}${words().marks.semicolon}${say.campaign(say.states[state], words().elsewhere(reason))}${words().marks.stop}`
}
