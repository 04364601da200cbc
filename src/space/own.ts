import { createHash } from 'node:crypto'
import type { Config } from '../core/config.ts'
import type { EmbeddingAccounting } from '../core/flops.ts'
import type { Range } from '../core/range.ts'
import { listedField, runFields } from './any.ts'
import { type Codec, codecOf, type Field } from './codec.ts'
import { type Listed, ladderModels, type Rung, rungAt, usualFlopsPerToken } from './ladder.ts'
import type { Limits, Models } from './limits.ts'
import {
  headsFor,
  type Shape,
  type ShapeLimits,
  type ShapeModels,
  shapeFields,
  shapeModels,
  shapeWords,
} from './shapes.ts'
import type { Measure, ModelWords, Place, Space } from './space.ts'
import type { SpaceSpec } from './spec.ts'
import { flopsPerToken, transformer } from './transformer.ts'

/** The models of a space of one's own: how they are written, told and measured, and which may be asked. */
interface Family {
  readonly fields: readonly Field[]
  readonly words: ModelWords
  readonly accountings: Space['accountings']
  readonly models: Models
  readonly targetModels: Models
  /** What a law sees of the model of a configuration, and of one between models. */
  sized(config: Config): Sized
  sizedAt(place: Place): Sized
  /** Why a model is none of the space; null where it is one. */
  refusal(config: Config): string | null
}

interface Sized {
  readonly core: number
  readonly embedding: number
  readonly flopsPerToken: number
  readonly ratio: number
}

interface Ends {
  readonly from: number
  readonly to: number
}

const range = ({ from, to }: Ends): Range => ({ least: from, most: to })

/** A target may have rates this far beyond those of the runs, widths and depths this many times theirs, where nobody says otherwise. */
const targetReach = { rate: 10, width: 4, depth: 2 } as const

/** The same space with runs of other FLOPs, ascending. */
export const withTrainFlops = (space: Space, trainFlops: readonly number[]): Space =>
  spaceOf({ ...specOf(space), train_flops: [...trainFlops] })

/** The space that has the target runs of another one, and nothing else. */
export function targetSpaceOf(space: Space): Space {
  const spec = specOf(space)
  const { target, shapes } = spec
  return spaceOf({
    ...spec,
    ...(shapes && { shapes: { ...shapes, ...targetShapes(shapes, target) } }),
    learning_rate: target.learning_rate ?? reachedRates(spec.learning_rate),
    train_flops: [target.flops],
  })
}

const specOf = ({ spec }: Space): SpaceSpec => spec as SpaceSpec

/** Widths and depths of the target, where nobody says otherwise larger ones than those of the runs. */
const targetShapes = (
  { d_model: widths, num_layers: depths }: NonNullable<SpaceSpec['shapes']>,
  target: SpaceSpec['target'],
) => ({
  d_model: target.d_model ?? { ...widths, to: targetReach.width * widths.to },
  num_layers: target.num_layers ?? { ...depths, to: targetReach.depth * depths.to },
})

/** Rates of the target, where nobody says otherwise. Who fixes the rate of all runs knows it: nothing could be learned of another one. */
function reachedRates({ from, to }: Ends): Ends {
  const reach = from === to ? 1 : targetReach.rate
  return { from: from / reach, to: to * reach }
}

/**
 * The space that a specification describes.
 * @throws Error where no width has a legal number of heads.
 */
export function spaceOf(spec: SpaceSpec): Space {
  const { vocabulary, context, batch, target } = spec
  const family = spec.shapes ? shapedFamily(spec, spec.shapes) : listedFamily(spec.ladder ?? [])
  const codec: Codec<Config> = codecOf([...family.fields, ...runFields])
  const rates = range(spec.learning_rate)
  const batchSize = Array.isArray(batch.sizes) ? batch.sizes : doublings(batch.sizes)
  const limits: Limits = { models: family.models, batchSize, learningRate: rates }
  const stepTokens = (size: number) => size * (batch.unit === 'tokens' ? 1 : context)
  const measured = (
    sized: Sized,
    run: { flops: number; batchSize: number },
    accounting: EmbeddingAccounting,
  ): Measure => ({
    core: sized.core,
    size: accounting === 'none' ? sized.core : sized.core + sized.embedding,
    tokens: run.flops / sized.flopsPerToken,
    stepTokens: stepTokens(run.batchSize),
    ratio: sized.ratio,
  })
  const trainFlops = Array.isArray(spec.train_flops) ? spec.train_flops : halfDecades(spec.train_flops)
  return {
    ...codec,
    // Whoever trains gets the constants with the rest, and the record keeps them.
    record: (config) => ({ ...codec.record(config), ...spec.constants }),
    name: spec.name,
    spec,
    fingerprint: `${spec.name}/${fingerprintOf(spec)}`,
    runsFingerprint: `${spec.name}/${fingerprintOf(withoutAims(spec))}`,
    limits,
    targetLimits: {
      models: family.targetModels,
      batchSize,
      learningRate: range(target.learning_rate ?? reachedRates(spec.learning_rate)),
    },
    trainFlops,
    budget: spec.budget,
    target: target.flops,
    vocabularySize: vocabulary,
    contextLength: context,
    batchUnit: batch.unit,
    constants: spec.constants,
    words: family.words,
    accountings: family.accountings,
    measure: (config, accounting) =>
      measured(family.sized(config), { flops: config.trainFlops, batchSize: config.batchSize }, accounting),
    measureAt: (place, accounting) => measured(family.sizedAt(place), place, accounting),
    refusal: (config) => family.refusal(config) ?? runRefusal(config, limits, trainFlops),
  }
}

/** What says what a run is, and not how many FLOPs are asked for or aimed at. */
const withoutAims = ({ train_flops: _, budget: __, target: ___, ...spec }: SpaceSpec) => spec

/** Equal for files that say the same, whatever the order of their keys and models. */
function fingerprintOf({ ladder, ...spec }: Pick<SpaceSpec, 'ladder'>): string {
  const sorted = ladder?.toSorted((a, b) => a.parameters - b.parameters)
  const text = JSON.stringify({ ...spec, ladder: sorted }, (_, value) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([p], [q]) => (p < q ? -1 : 1)))
      : value,
  )
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}

/** From one to another, each twice the one before; the last one may be nearer. */
function doublings({ from, to }: { readonly from: number; readonly to: number }): number[] {
  const count = Math.floor(Math.log2(to / from) + 1e-9)
  const sizes = Array.from({ length: count + 1 }, (_, k) => from * 2 ** k)
  return sizes[count] === to ? sizes : [...sizes, to]
}

/** 1e18, 3e18, 1e19, ...: from one to another about half a decade apart, in round numbers. */
function halfDecades({ from, to }: { readonly from: number; readonly to: number }): number[] {
  const steps: number[] = [from]
  for (let exponent = Math.floor(Math.log10(from)); exponent <= Math.log10(to); exponent++)
    for (const mantissa of [1, 3]) {
      const flops = Number(`${mantissa}e${exponent}`)
      if (flops > from && flops < to) steps.push(flops)
    }
  return from === to ? steps : [...steps, to]
}

function runRefusal(config: Config, { batchSize, learningRate }: Limits, trainFlops: readonly number[]): string | null {
  if (!batchSize.includes(config.batchSize))
    return `batch_size must be ${oneOf(batchSize, config.batchSize)}, got ${config.batchSize}`
  if (!isWithin(config.learningRate, learningRate))
    return `learning_rate must be from ${learningRate.least} to ${learningRate.most}, got ${config.learningRate}`
  if (!trainFlops.includes(config.trainFlops))
    return `train_flops must be ${oneOf(trainFlops, config.trainFlops)}, got ${config.trainFlops}`
  return null
}

/** Values that are read at a glance; of more, which there are and the two that may have been meant. */
const mostListed = 24

function oneOf(values: readonly number[], got: number): string {
  if (values.length <= mostListed) return `one of ${values.join(', ')}`
  const above = values.findIndex((value) => value > got)
  const near = above < 1 ? values.slice(...(above === 0 ? [0, 2] : [-2])) : values.slice(above - 1, above + 1)
  return `one of ${values.length} values from ${values[0]} to ${values[values.length - 1]}, such as ${near.join(' and ')}`
}

const isWithin = (x: number, { least, most }: Range): boolean => x >= least && x <= most

// A family by width, depth and heads

const knownAccountings = { none: 'size without embeddings', 'tokens-and-size': 'size with embeddings' } as const

function shapedFamily(spec: SpaceSpec, shapes: NonNullable<SpaceSpec['shapes']>): Family {
  const { vocabulary: words, context, target } = spec
  const { queries_per_kv: queriesPerKv, ffn_ratio: ffnRatio, gated, flops, tied_embeddings: isTied } = shapes
  const architecture = transformer({ ffnMatrices: gated ? 3 : 2, ffnRatio, queriesPerKv })
  const headDimension = range(shapes.head_dim)
  const limitsOf = (dModel: Range, numLayers: Range): ShapeLimits => ({
    dModel,
    numLayers,
    numHeads: { least: queriesPerKv, most: Math.ceil(dModel.most / headDimension.least) },
    headDimension,
    headMultiple: queriesPerKv,
    widthMultiple: shapes.width_multiple ?? headDimension.least * queriesPerKv,
  })
  const [widths, depths] = [range(shapes.d_model), range(shapes.num_layers)]
  const models = shapeModels(architecture, limitsOf(widths, depths))
  const larger = targetShapes(shapes, target)
  const targetModels = shapeModels(architecture, limitsOf(range(larger.d_model), range(larger.num_layers)))
  const sizedOf = ({ dModel, numLayers }: Pick<Shape, 'dModel' | 'numLayers'>): Sized => {
    const core = architecture.parameters(dModel, numLayers)
    return {
      core,
      embedding: (isTied ? 1 : 2) * words * dModel,
      flopsPerToken: flopsPerToken(flops, { core, dModel, numLayers }, { words, context }),
      ratio: dModel / numLayers,
    }
  }
  return {
    fields: shapeFields,
    words: shapeWords,
    accountings: knownAccountings,
    models,
    targetModels,
    sized: (config) => sizedOf(config as Config & Shape),
    sizedAt({ size, ratio }) {
      const widthPerLayer = Math.exp(ratio)
      const numLayers = architecture.depthFor(Math.exp(size), widthPerLayer)
      return sizedOf({ dModel: numLayers * widthPerLayer, numLayers })
    },
    refusal: (config) => shapeRefusal(config as Config & Shape, models),
  }
}

function shapeRefusal({ dModel, numLayers, numHeads }: Shape, models: ShapeModels): string | null {
  const { headDimension, headMultiple = 1 } = models
  for (const [name, value, { least, most }] of [
    ['d_model', dModel, models.dModel],
    ['num_layers', numLayers, models.numLayers],
  ] as const)
    if (!isWithin(value, { least, most })) return `${name} must be from ${least} to ${most}, got ${value}`
  if (headsFor(dModel, models) === null)
    return `d_model ${dModel} has no number of heads: it must be a multiple of ${models.widthMultiple}`
  if (dModel % numHeads !== 0 || numHeads % headMultiple !== 0 || !isWithin(dModel / numHeads, headDimension))
    return `num_heads ${numHeads} does not fit d_model ${dModel}: heads must have a dimension from ${headDimension.least} to ${headDimension.most} and come in groups of ${headMultiple}`
  return null
}

// A list of models

const listWords: ModelWords = {
  keys: ['model'],
  head: 'model',
  legend: 'model: its name in the list of the space.',
  joints: [],
  words: [{ title: 'model', before: 'model ' }],
}

/** d_model / layers of models whose shapes are not told: they are all alike to the law. */
const unknownRatio = 64

function listedFamily(list: NonNullable<SpaceSpec['ladder']>): Family {
  const rungs = list
    .map(({ name, parameters, embedding_parameters: embedding = 0, flops_per_token, d_model, num_layers }): Rung => {
      const flopsOfToken = flops_per_token ?? usualFlopsPerToken(parameters)
      const ratio = d_model !== undefined && num_layers !== undefined ? d_model / num_layers : unknownRatio
      return { name, parameters, embedding, flopsPerToken: flopsOfToken, ratio }
    })
    .sort((a, b) => a.parameters - b.parameters)
  const byName = new Map(rungs.map((rung) => [rung.name, rung]))
  const sized = ({ parameters, embedding, flopsPerToken: flops, ratio }: Omit<Rung, 'name'>): Sized => ({
    core: parameters,
    embedding,
    flopsPerToken: flops,
    ratio,
  })
  const models = ladderModels(rungs)
  const { none, ...withEmbedding } = knownAccountings
  return {
    fields: [{ ...listedField, values: [...byName.keys()] }],
    words: listWords,
    accountings: rungs.every(({ embedding }) => embedding > 0) ? { none, ...withEmbedding } : { none },
    models,
    targetModels: models,
    sized(config) {
      const { model } = config as Config & Listed
      const rung = byName.get(model)
      if (rung === undefined) throw new Error(`the space has no model ${model}`)
      return sized(rung)
    },
    sizedAt: ({ size }) => sized(rungAt(rungs, Math.exp(size))),
    refusal(config) {
      const { model } = config as Config & Listed
      return byName.has(model) ? null : `model must be one of ${[...byName.keys()].join(', ')}, got ${model}`
    },
  }
}
