import { apiLimits, predictionLimits } from '../../cs336/limits.ts'
import { compact } from '../../report/number.ts'
import { say } from '../words/words.ts'
import type { CourseWire } from './wire.ts'

/** What somebody types into a form, by the names that the API has for it. */
export type Draft<Name extends string> = Readonly<Record<Name, string>>
export type Faults<Name extends string> = Partial<Record<Name, string>>

/** What a draft means, where nothing is wrong with it. */
export type Checked<Name extends string, Meant> =
  | { readonly faults: Faults<Name>; readonly meant: null }
  | { readonly faults: Record<never, never>; readonly meant: Meant }

export type QueryName = keyof CourseWire
export type PredictionName = Exclude<keyof CourseWire, 'train_flops'> | 'predicted_loss'
export type Prediction = Readonly<Record<PredictionName, number>>

type Rule = (value: number) => string | null

const between =
  (least: number, most: number): Rule =>
  (value) =>
    value >= least && value <= most ? null : say.class.range(compact(least, 15), compact(most, 15))
const whole =
  (least: number, most: number): Rule =>
  (value) =>
    Number.isInteger(value) ? between(least, most)(value) : say.class.whole
const among =
  (values: readonly number[]): Rule =>
  (value) =>
    values.includes(value) ? null : say.class.among(values.map((one) => compact(one)).join(', '))

const { dModel, numLayers, numHeads, batchSize, learningRate } = apiLimits

const queryRules = {
  d_model: whole(dModel.least, dModel.most),
  num_layers: whole(numLayers.least, numLayers.most),
  num_heads: whole(numHeads.least, numHeads.most),
  batch_size: among(batchSize),
  learning_rate: between(learningRate.least, learningRate.most),
} as const

const predicted = predictionLimits

const predictionRules: Readonly<Record<PredictionName, Rule>> = {
  d_model: whole(predicted.dModel.least, predicted.dModel.most),
  num_layers: whole(predicted.numLayers.least, predicted.numLayers.most),
  num_heads: whole(predicted.numHeads.least, predicted.numHeads.most),
  batch_size: among(batchSize),
  learning_rate: between(predicted.learningRate.least, predicted.learningRate.most),
  predicted_loss: between(predicted.loss.least, predicted.loss.most),
}

/** Digits, a point, an exponent: what every form takes for a number. */
const decimal = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i

function checked<Name extends string>(
  draft: Draft<Name>,
  rules: Readonly<Record<Name, Rule>>,
): Checked<Name, Readonly<Record<Name, number>>> {
  const faults: Faults<Name> = {}
  const meant = {} as Record<Name, number>
  for (const name of Object.keys(rules) as Name[]) {
    const text = draft[name].trim()
    meant[name] = Number(text)
    const fault = text === '' ? say.class.missing : decimal.test(text) ? rules[name](meant[name]) : say.class.noNumber
    if (fault !== null) faults[name] = fault
  }
  return Object.keys(faults).length > 0 ? { faults, meant: null } : { faults: {}, meant }
}

/** Heads share the width evenly. */
function divided<
  Name extends 'd_model' | 'num_heads' | string,
  Meant extends Readonly<Record<'d_model' | 'num_heads', number>>,
>(result: Checked<Name, Meant>): Checked<Name, Meant> {
  if (result.meant === null || result.meant.d_model % result.meant.num_heads === 0) return result
  return { faults: { num_heads: say.class.divides(result.meant.d_model) } as Faults<Name>, meant: null }
}

/** A query, for a server that takes these FLOPs. */
export const checkQuery = (draft: Draft<QueryName>, trainFlops: readonly number[]): Checked<QueryName, CourseWire> =>
  divided(checked(draft, { ...queryRules, train_flops: among(trainFlops) }))

export const checkPrediction = (draft: Draft<PredictionName>): Checked<PredictionName, Prediction> =>
  divided(checked(draft, predictionRules))
