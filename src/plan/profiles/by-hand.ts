import type { Config } from '../../core/config.ts'
import type { Model, Models } from '../../space/limits.ts'
import type { Measure, Measuring } from '../../space/space.ts'

/** Size and tokens as these baselines count them: without embeddings. */
export const measureOf = (space: Measuring, config: Config): Measure => space.measure(config, 'none')

/** The models of about these sizes, each once: beyond what the limits allow they are equal. */
export const modelsOf = (sizes: readonly number[], models: Models): Model[] => [
  ...new Map(sizes.map((size) => models.usual(size)).map((model) => [JSON.stringify(model), model])).values(),
]

/** Digits of the rates that people type. */
export const rateDigits = 2

export const text = (x: number): string => {
  const [mantissa, power] = x.toExponential(2).split('e')
  return Math.abs(Number(power)) < 3 ? String(Number(x.toPrecision(3))) : `${Number(mantissa)}e${Number(power)}`
}
