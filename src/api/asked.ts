import { z } from 'zod'
import type { Config } from '../core/config.ts'
import { integerAsWritten, shortInteger } from '../core/exact-integer.ts'
import { clamp } from '../core/range.ts'
import { isCourse } from '../cs336/space.ts'
import { anyCodec } from '../space/any.ts'
import type { Field } from '../space/codec.ts'
import { limitOf } from '../space/field-limit.ts'
import { targetSpaceOf } from '../space/own.ts'
import { configWith, type Space } from '../space/space.ts'
import {
  configBodyOf,
  lossQueryOf,
  outOfRange,
  predictedLoss,
  realNumber,
  shownInput,
  submissionBody,
  submissionInBody,
  wholeNumber,
} from './contract.ts'

/**
 * What a server may be asked, as schemas: the contract's for the course, with its messages; for a space of a file one field for each of its
 * fields, and the words of the space itself where a configuration is none of its own.
 */

/** A configuration by its outside names. */
export type WireRecord = Readonly<Record<string, number | string>>

/** The query of `GET /loss`. */
export const askedInQuery = (space: Space): z.ZodType<WireRecord> =>
  isCourse(space) ? known(lossQueryOf(space.trainFlops)) : schemaOf(space, 'query')

/** The same as the JSON of a body, which has a message of its own where it is no object. */
export const askedInBody = (space: Space): z.ZodType<WireRecord> =>
  isCourse(space) ? known(configBodyOf(space.trainFlops, runInBody(space))) : schemaOf(space, 'body')

/** The configuration that such a record says. */
export const configAsked = (record: WireRecord): Config => anyCodec.configOf(record) as Config

const known = (schema: z.ZodType): z.ZodType<WireRecord> => schema as z.ZodType<WireRecord>

/** How a run is asked for, for who asks otherwise. */
export const runInBody = (space: Space): string =>
  'A run is asked for as JSON in the body of POST /v2/runs, with the header Content-Type: application/json: ' +
  `{${Object.entries(anyCodec.record(exampleOf(space)))
    .map(([name, value]) => `"${name}": ${shownValue(name, value)}`)
    .join(', ')}}`

const shownValue = (name: string, value: unknown): string =>
  name === 'train_flops' ? shortInteger(integerAsWritten(value as number)) : JSON.stringify(value)

/** A configuration to try, cheap and of a sensible size: one of the course's cheapest, or one with 20 tokens for each parameter. */
export function exampleOf(space: Space): Config {
  if (isCourse(space)) return courseExample(space.trainFlops)
  const { limits, trainFlops } = space
  const [flops] = trainFlops
  const { models, learningRate, batchSize } = limits
  const model = models.usual(clamp(Math.sqrt(flops / 120), models.parameters))
  return configWith(model, {
    ...{ batchSize: batchSize[0], learningRate: clamp(1e-3, learningRate), trainFlops: flops },
  })
}

function courseExample(trainFlops: readonly number[]): Config {
  const flops = trainFlops.includes(1e14) ? 1e14 : trainFlops[trainFlops.length - 1]
  const [dModel, numLayers] = flops < 1e14 ? [64, 2] : [256, 4]
  return configWith({ dModel, numLayers, numHeads: 4 }, { batchSize: 128, learningRate: 0.001, trainFlops: flops })
}

/** The body of `POST /submission`: the run that is the target of the space, and the loss predicted for it. */
export function predictionInBody(space: Space): z.ZodType<WireRecord> {
  if (isCourse(space)) return known(submissionBody)
  const { train_flops: _, ...shape } = shapeOf(targetSpaceOf(space), 'body')
  return z
    .object({ ...shape, predicted_loss: predictedLoss }, { error: predictionHelp(space) })
    .superRefine((record, context) => {
      const refusal = refusalOf(targetSpaceOf(space), { ...record, train_flops: space.target })
      if (refusal !== null) context.addIssue({ code: 'custom', message: refusal, params: { kind: outOfRange } })
    }) as unknown as z.ZodType<WireRecord>
}

/** How a prediction is sent, for who sends it otherwise. */
export function predictionHelp(space: Space): string {
  if (isCourse(space)) return submissionInBody
  const { train_flops: _, ...record } = anyCodec.record(exampleOf(targetSpaceOf(space)))
  return (
    'A prediction is sent as JSON in the body of POST /submission, with the header Content-Type: application/json, not in the query: ' +
    JSON.stringify({ ...record, predicted_loss: 9.9 })
  )
}

function schemaOf(space: Space, place: 'query' | 'body'): z.ZodType<WireRecord> {
  const constants = Object.fromEntries(
    Object.entries(space.constants).map(([name, value]) => [
      name,
      z
        .unknown()
        .optional()
        .meta({ description: `${JSON.stringify(value)} in every run.` }),
    ]),
  )
  const hidden = place === 'body' ? constants : {}
  return z
    .object({ ...hidden, ...shapeOf(space, place) }, { error: runInBody(space) })
    .superRefine((record, context) => {
      const refusal = refusalOf(space, record)
      if (refusal === null) return
      context.addIssue({ code: 'custom', message: refusal, params: { kind: outOfRange } })
    })
    .transform((record) => anyCodec.record(configAsked(record as WireRecord)) as WireRecord)
}

function shapeOf(space: Space, place: 'query' | 'body'): Record<string, z.ZodType> {
  const example = anyCodec.record(exampleOf(space)) as WireRecord
  return Object.fromEntries(space.fields.map((field) => [field.name, fieldSchema(space, field, example, place)]))
}

/** Why a record with values of the right kinds is no run of a space: what it would train is decided by the space's file. */
function refusalOf(space: Space, record: Readonly<Record<string, unknown>>): string | null {
  for (const [name, value] of Object.entries(space.constants))
    if (record[name] !== undefined && record[name] !== value)
      return `${name} is ${JSON.stringify(value)} in every run of this server, got ${shownInput(record[name])}`
  const config = anyCodec.configOf(record)
  return config === null ? 'These are no values of a run' : space.refusal(config)
}

/** One field, for parsing and for the documentation. */
function fieldSchema(space: Space, field: Field, example: WireRecord, place: 'query' | 'body'): z.ZodType {
  const { name, kind, values = [] } = field
  const about = { description: descriptionOf(space, field), example: example[name] }
  if (kind === 'text') return textOf(name, values).meta({ type: 'string', enum: [...values], ...about })
  if (name === 'train_flops') return flopsField(space, place)
  const limit = limitOf(space.limits, field)
  const bounds = Array.isArray(limit) ? { enum: [...limit] } : boundsOf(limit as { least: number; most: number } | null)
  const number = kind === 'whole' ? wholeNumber(name) : realNumber(name)
  return number.meta({ type: kind === 'whole' ? 'integer' : 'number', ...bounds, ...about })
}

const boundsOf = (range: { readonly least: number; readonly most: number } | null) =>
  range === null ? {} : { minimum: range.least, maximum: range.most }

function textOf(name: string, values: readonly string[]): z.ZodType {
  const error = ({ input }: { readonly input?: unknown }) =>
    input === undefined ? `${name} is missing` : `${name} must be one of ${values.join(', ')}, got ${shownInput(input)}`
  return z.string({ error }).refine((text) => values.includes(text), { error, params: { kind: outOfRange } })
}

/** FLOPs are shown as they are typed; on the wire they are a number, however it is written. */
function flopsField({ trainFlops }: Space, place: 'query' | 'body'): z.ZodType {
  const texts = trainFlops.map((flops) => shortInteger(integerAsWritten(flops), 17))
  const inQuery = { type: 'string' as const, example: texts[0], enum: texts }
  const inBody = { type: 'number' as const, example: trainFlops[0], enum: [...trainFlops] }
  return wholeNumber('train_flops').meta({
    description: 'Training FLOPs; all ways to write the number do, 1e14 as well as 100000000000000.',
    ...(place === 'query' ? inQuery : inBody),
  })
}

function descriptionOf({ batchUnit, contextLength }: Space, { key }: Field): string {
  const batch = batchUnit === 'tokens' ? 'Tokens of a step.' : `Sequences of ${contextLength} tokens in a step.`
  return { ...descriptions, batchSize: batch }[key] ?? ''
}

const descriptions: Readonly<Record<string, string>> = {
  model: 'One of the models of the space.',
  dModel: 'Width of the residual stream.',
  numLayers: 'Number of layers.',
  numHeads: 'Number of attention heads.',
  learningRate: 'Peak learning rate.',
}
