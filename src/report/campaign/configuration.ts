import type { ViewedSpace } from '../../campaign/view.ts'
import type { Config } from '../../core/config.ts'
import { compact } from '../number.ts'
import { words } from '../words/words.ts'

type Value = number | string
const at = (config: Config, key: string): Value => (config as unknown as Record<string, Value>)[key]

/** What makes the model of a configuration, a cell each. */
export const modelCells = ({ words }: ViewedSpace, config: Config): string[] =>
  words.keys.map((key) => String(at(config, key)))

/** The same in one cell: `512 × 8 / 8`. */
export const modelCell = (space: ViewedSpace, config: Config): string =>
  modelCells(space, config).reduce((text, value, k) => `${text}${space.words.joints[k - 1]}${value}`)

/** The same in words: `d_model 512, 8 layers, 8 heads`. */
export const modelText = ({ words: model }: ViewedSpace, config: Config): string =>
  model.keys
    .map((key, k) => {
      const { before = '', one = '', more = '' } = model.words[k]
      const value = at(config, key)
      return `${before}${value}${words().elsewhere(value === 1 ? one : more)}`
    })
    .join(words().marks.comma)

export const batchText = ({ batchUnit }: ViewedSpace, batchSize: number): string =>
  batchUnit === 'tokens' ? words().campaign.batchTokens(compact(batchSize)) : String(batchSize)

/** A configuration in words. */
export const configText = (space: ViewedSpace, config: Config): string =>
  words().list([
    modelText(space, config),
    words().campaign.batch(batchText(space, config.batchSize)),
    words().campaign.learningRate(compact(config.learningRate)),
  ])

/** Fields by their outside names, `train_flops` left out where it says nothing new. */
export function columnsOf({ fields }: ViewedSpace, config: Config, { withFlops = true } = {}): Record<string, Value> {
  const told = fields.filter(({ key }) => withFlops || key !== 'trainFlops')
  return Object.fromEntries(told.map(({ key, name }) => [name, at(config, key)]))
}
