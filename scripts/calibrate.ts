/**
 * Refits the calibrated world (docs/math.md) from published answers of the training API, with cross-validated errors:
 *
 *     node bin/node24.js scripts/calibrate.ts FILE [--folds 5] [--seed 0] [--repeats 4] [--start src/world/cs336.json]
 *         [--out src/world/cs336.json] [--figure docs/calibration.png] [--date 2026-11-25]
 *
 * FILE is a CSV with d_model, num_layers, num_heads, batch_size, learning_rate, train_flops and loss. The answers themselves
 * are not part of the repository; what is kept are coefficients, where they come from, and how wrong they are.
 */
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { parseArgs } from 'node:util'
import * as Plot from '@observablehq/plot'
import Papa from 'papaparse'
import { random } from '../src/core/random.ts'
import type { TrainingConfig } from '../src/cs336/config.ts'
import { targetFlops } from '../src/cs336/limits.ts'
import { nonEmbeddingParameters } from '../src/cs336/parameters.ts'
import { levenbergMarquardt } from '../src/numeric/levenberg-marquardt.ts'
import { nnls } from '../src/numeric/nnls.ts'
import { type Observation, robustLeastSquares } from '../src/numeric/robust.ts'
import { linearAxis, logAxis } from '../src/report/draw/axis.ts'
import { compose, type SvgDocument, type SvgElement } from '../src/report/draw/element.ts'
import { drawPanel } from '../src/report/draw/panel.ts'
import { renderPng } from '../src/report/draw/png.ts'
import { budgetColor, figureWidth, ink, muted } from '../src/report/draw/style.ts'
import { newDocument, svgText } from '../src/report/draw/svg.ts'
import { answeredLoss, bestLearningRate, type Coefficients, type Noise, noiseShares } from '../src/world/calibrated.ts'

// Answers

/** A published answer. */
interface Answer {
  /** The configuration whose loss this is: off the grid, the rate is the lower edge of its plateau. */
  readonly config: TrainingConfig
  readonly loss: number
  /** Whether it is a stored run, rather than the regressor's guess between stored runs. */
  readonly onGrid: boolean
}

/** The API has stored runs of these configurations only (480 rows ask for 16 layers; whether those are stored is unclear). */
const grid = {
  dModel: [64, 128, 256, 512, 1024],
  numLayers: [2, 4, 8, 16, 24],
  numHeads: [2, 4, 8, 16],
  learningRate: [1e-4, 5e-4, 1e-3],
} as const

/** From these FLOPs on, the regressor knows the rate only by band; below, too few answers have other rates to tell. */
const plateauFlops = 1e15

function readAnswers(text: string): Answer[] {
  const { data } = Papa.parse<Record<string, string>>(text, { header: true, skipEmptyLines: true })
  return data.map((row) => {
    const asked: TrainingConfig = {
      dModel: Number(row.d_model),
      numLayers: Number(row.num_layers),
      numHeads: Number(row.num_heads),
      batchSize: Number(row.batch_size),
      learningRate: Number(row.learning_rate),
      trainFlops: Number(row.train_flops),
    }
    const keys = Object.keys(grid) as (keyof typeof grid)[]
    const onGrid = keys.every((key) => (grid[key] as readonly number[]).includes(asked[key]))
    return { config: onGrid ? asked : atPlateauEdge(asked), loss: Number(row.loss), onGrid }
  })
}

function atPlateauEdge(config: TrainingConfig): TrainingConfig {
  const edge = grid.learningRate.findLast((rate) => rate <= config.learningRate)
  return config.trainFlops < plateauFlops || edge === undefined ? config : { ...config, learningRate: edge }
}

// Assumptions: what the answers do not tell

/**
 * Decades of compute, and the deviations from the law that answers on and off the grid are expected to have, nats: about what
 * cross-validation finds, but half of it from 3e14 FLOPs on, so that the few large runs are heard.
 */
const bands = [
  { from: 1e13, onGrid: 0.015, offGrid: 0.03 },
  { from: 1e14, onGrid: 0.025, offGrid: 0.035 },
  { from: 3e14, onGrid: 0.03, offGrid: 0.07 },
  { from: 3e15, onGrid: 0.04, offGrid: 0.08 },
  { from: 3e16, onGrid: 0.04, offGrid: 0.08 },
]

/** Coefficients that the answers leave open, or that decide what lies beyond them. */
const priors = [
  { of: 'capacity.entropy', value: 1.75, sd: 0.1, why: 'Hoffmann et al. 2022 1.69, Besiroglu et al. 2024 1.82' },
  {
    of: 'capacity.exponent',
    value: 0.22,
    sd: 0.05,
    why: 'between Kaplan et al. 2020 (0.08) and Hoffmann et al. 2022 (0.34)',
  },
  { of: 'capacity.shape', value: 0.15, sd: 0.03, why: 'without it the best shape at 1e19 is 4 layers of width 3000' },
  { of: 'tail.decay', value: 0.36, sd: 0.06, why: 'exponent of D: Hoffmann et al. 0.28, Besiroglu et al. 0.37' },
  { of: 'rate.best', value: 3.295, sd: 0.15, why: 'Step Law: 1.79 N^-0.713 D^0.307 (Li et al. 2025)' },
  { of: 'rate.parameters', value: -0.713, sd: 0.03, why: 'Step Law' },
  { of: 'rate.tokens', value: 0.307, sd: 0.03, why: 'Step Law' },
]

/**
 * The loss at the target was never published. Envelopes of the answers put the best one between 2.5 and 3.05, and students of the
 * course predicted 2.6 to 2.7 with 2.2e8 parameters. The anchor is a model of that size, as wide as 64 times its depth, at its
 * best rate: its loss, and that models twice as large and half as large are equally good.
 */
const anchor = { logParameters: 8.4, loss: 2.75, lossSd: 0.05, apart: 0.3, balanceSd: 0.03 }

const assumptions = [
  ...priors.map(({ of, value, sd, why }) => `${of} = ${value} +- ${sd}: ${why}`),
  `best loss at ${targetFlops} FLOPs ${anchor.loss} +- ${anchor.lossSd}, with 10^${anchor.logParameters} parameters`,
  'heads do not matter',
]

/** The loss at the target's FLOPs of 10^x parameters, width 64 times the depth, at the best rate, batch 128. */
function targetLoss(coefficients: Coefficients, logParameters: number): number {
  const numLayers = Math.cbrt(10 ** logParameters / nonEmbeddingParameters(64, 1))
  const shape = { dModel: 64 * numLayers, numLayers, numHeads: 8, batchSize: 128, trainFlops: targetFlops }
  const learningRate = bestLearningRate(coefficients, { ...shape, learningRate: 1 })
  return answeredLoss(coefficients, { ...shape, learningRate })
}

// The fit

type Tree = { readonly [key: string]: number | Tree }

/** The names and the values of a tree's numbers, in order. */
const leaves = (tree: Tree, prefix = ''): [name: string, value: number][] =>
  Object.entries(tree).flatMap(([key, value]) =>
    typeof value === 'number' ? [[prefix + key, value] as [string, number]] : leaves(value, `${prefix}${key}.`),
  )

/** The same tree with other numbers. */
function withLeaves<T>(tree: T, values: Iterable<number>): T {
  const next = values[Symbol.iterator]()
  const fill = (node: Tree): Tree =>
    Object.fromEntries(
      Object.entries(node).map(([key, value]) => [key, typeof value === 'number' ? next.next().value! : fill(value)]),
    )
  return fill(tree as Tree) as T
}

const asTree = (coefficients: Coefficients): Tree => coefficients as unknown as Tree

const bandOf = (C: number): number => bands.findLastIndex(({ from }) => C >= from)

/** The configurations of some answers, each once (heads aside), and which of them each answer is of. */
function distinct(answers: readonly Answer[]): { configs: TrainingConfig[]; of: number[] } {
  const index = new Map<string, number>()
  const configs: TrainingConfig[] = []
  const of = answers.map(({ config }) => {
    const key = Object.values({ ...config, numHeads: 0 }).join()
    if (!index.has(key)) index.set(key, configs.push(config) - 1)
    return index.get(key)!
  })
  return { configs, of }
}

/** The coefficients that agree best with the answers and with the assumptions: soft-L1 least squares from `start`. */
function fit(answers: readonly Answer[], start: Coefficients): Coefficients {
  const names = leaves(asTree(start)).map(([name]) => name)
  const { configs, of } = distinct(answers)
  const observations: Observation[] = answers.map(({ config, loss, onGrid }, i) => {
    const sd = bands[bandOf(config.trainFlops)][onGrid ? 'onGrid' : 'offGrid']
    return { of: of[i], value: loss, sd, soft: true }
  })
  // After the losses of the configurations come the coefficients with a prior, then the two quantities of the anchor.
  const constrained = priors.map((prior) => names.indexOf(prior.of))
  const size = configs.length + priors.length + 2
  priors.forEach(({ value, sd }, j) => {
    observations.push({ of: configs.length + j, value, sd, soft: false })
  })
  observations.push({ of: size - 2, value: anchor.loss, sd: anchor.lossSd, soft: false })
  observations.push({ of: size - 1, value: 0, sd: anchor.balanceSd, soft: false })

  const predict = (theta: Float64Array, predictions: Float64Array) => {
    const coefficients = withLeaves(start, theta)
    let i = 0
    for (const config of configs) predictions[i++] = answeredLoss(coefficients, config)
    for (const k of constrained) predictions[i++] = theta[k]
    const { logParameters, apart } = anchor
    predictions[i++] = targetLoss(coefficients, logParameters)
    predictions[i++] = targetLoss(coefficients, logParameters + apart) - targetLoss(coefficients, logParameters - apart)
  }
  const problem = robustLeastSquares(predict, size, observations)
  const first = leaves(asTree(start)).map(([, value]) => value)
  const { theta, converged } = levenbergMarquardt(problem, first, { decrease: 1e-6, maxIterations: 100 })
  if (!converged) process.stderr.write('calibrate: a fit stopped at its limit of iterations\n')
  return withLeaves(start, theta)
}

const predictAll = (coefficients: Coefficients, answers: readonly Answer[]): number[] =>
  answers.map(({ config }) => answeredLoss(coefficients, config))

// Cross-validation

/** Answers of one (width, depth, batch, compute) share a fold: they differ in heads and rate, and would tell each other. */
function foldsOf(answers: readonly Answer[], folds: number, seed: number): number[] {
  const groupOf = ({ config: { dModel, numLayers, batchSize, trainFlops } }: Answer) =>
    [dModel, numLayers, batchSize, trainFlops].join()
  const groups = [...new Set(answers.map(groupOf))]
  const { integer } = random(seed)
  for (let i = groups.length - 1; i > 0; i--) {
    const j = integer(i + 1)
    ;[groups[i], groups[j]] = [groups[j], groups[i]]
  }
  const fold = new Map(groups.map((group, i) => [group, i % folds]))
  return answers.map((answer) => fold.get(groupOf(answer))!)
}

/** Every answer's loss as predicted by a fit to the other folds. */
function crossValidate(answers: readonly Answer[], start: Coefficients, folds: number, seed: number): number[] {
  const foldOf = foldsOf(answers, folds, seed)
  const fits = Array.from({ length: folds }, (_, fold) =>
    fit(
      answers.filter((_, i) => foldOf[i] !== fold),
      start,
    ),
  )
  return answers.map(({ config }, i) => answeredLoss(fits[foldOf[i]], config))
}

/** Errors of predictions for the answers of one band, on or off the grid, nats. */
interface BandError {
  readonly fromFlops: number
  readonly rows: number
  readonly inSample: number
  readonly crossValidated: number
  /** Mean of predicted minus genuine, cross-validated. */
  readonly bias: number
}

/** The errors by band; `unseen` has every answer's prediction in each of several cross-validations. */
function bandErrors(answers: readonly Answer[], inSample: number[], unseen: number[][], onGrid: boolean): BandError[] {
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const rootMeanSquare = (values: number[]) => Math.sqrt(mean(values.map((value) => value ** 2)))
  return bands.map(({ from }, band) => {
    const rows = answers.flatMap((a, i) => (a.onGrid === onGrid && bandOf(a.config.trainFlops) === band ? [i] : []))
    const errors = (predicted: number[]) => rows.map((i) => predicted[i] - answers[i].loss)
    const unseenErrors = unseen.flatMap(errors)
    return {
      fromFlops: from,
      rows: rows.length,
      inSample: rounded(rootMeanSquare(errors(inSample)), 3),
      crossValidated: rounded(rootMeanSquare(unseenErrors), 3),
      bias: rounded(mean(unseenErrors), 2),
    }
  })
}

const rounded = (x: number, digits: number): number => Number(x.toPrecision(digits))

function errorTable(onGrid: BandError[], offGrid: BandError[]): string {
  const line = (where: string, { fromFlops, rows, inSample, crossValidated, bias }: BandError) =>
    `| ${fromFlops.toExponential()} | ${where} | ${rows} | ${inSample} | ${crossValidated} | ${bias} |`
  return [
    '| from FLOPs | grid | rows | RMSE in sample | RMSE unseen | bias unseen |',
    '|---|---|---|---|---|---|',
    ...onGrid.flatMap((error, k) => [line('on', error), line('off', offGrid[k])]),
  ].join('\n')
}

// Noise

/**
 * The deviations of (E17) from answers that differ in heads alone: their variance is linear in the squared deviations, with
 * coefficients that depend on fall and compute. Each group weighs by the variance that its variance has.
 */
function fitNoise(answers: readonly Answer[], { initialLoss }: Coefficients): Noise {
  const { configs, of } = distinct(answers)
  const groups = configs.flatMap(({ trainFlops }, k) => {
    const losses = answers.filter((answer, i) => of[i] === k && answer.onGrid).map(({ loss }) => loss)
    if (losses.length < 2) return []
    const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length
    const freedom = losses.length - 1
    const variance = losses.reduce((sum, loss) => sum + (loss - mean) ** 2, 0) / freedom
    return [
      { x: noiseShares(Math.max(initialLoss - mean, 0), trainFlops).map((share) => share ** 2), variance, freedom },
    ]
  })
  let squares = new Float64Array([1e-4, 1e-4, 1e-3])
  for (let iteration = 0; iteration < 20; iteration++) {
    const gram = new Float64Array(9)
    const moment = new Float64Array(3)
    for (const { x, variance, freedom } of groups) {
      const expected = x.reduce((sum, value, k) => sum + value * squares[k], 0)
      const weight = freedom / expected ** 2
      for (let k = 0; k < 3; k++) {
        moment[k] += weight * x[k] * variance
        for (let l = 0; l < 3; l++) gram[3 * k + l] += weight * x[k] * x[l]
      }
    }
    squares = Float64Array.from(nnls(gram, moment))
  }
  const [initial, trained, late] = Array.from(squares, (square) => rounded(Math.sqrt(square), 3))
  return { initial, trained, late }
}

// The figure

interface Point {
  readonly C: number
  readonly genuine: number
  readonly predicted: number
  readonly error: number
  readonly onGrid: boolean
  readonly color: string
}

/** Errors farther out are drawn at the border. */
const farthest = 0.5
const height = 400
const width = figureWidth / 2

const points = (answers: readonly Answer[], unseen: readonly number[]): Point[] =>
  answers.map(({ config: { trainFlops: C }, loss, onGrid }, i) => ({
    // Both kinds at the same budget stand beside each other.
    C: onGrid ? C / 1.09 : C * 1.09,
    genuine: loss,
    predicted: unseen[i],
    error: Math.max(-farthest, Math.min(farthest, unseen[i] - loss)),
    onGrid,
    color: budgetColor(Math.log10(C / 1e13) / 4.5),
  }))

/** Predicted against genuine loss of unseen answers, and the error against compute. */
function drawFigure(answers: readonly Answer[], unseen: readonly number[]): string {
  const all = points(answers, unseen)
  const document = newDocument()
  const label = 'Predicted against genuine loss of published answers, and the error against compute.'
  const panels = [
    { svg: agreementPanel(document, all), x: 0, y: 0 },
    { svg: errorPanel(document, all), x: width, y: 0 },
  ]
  return svgText(compose(document, { width: figureWidth, height, label }, panels))
}

function agreementPanel(document: SvgDocument, all: readonly Point[]): SvgElement {
  const losses = all.map(({ genuine }) => genuine)
  const x = linearAxis('genuine loss (nats/token)', losses)
  const y = linearAxis('predicted loss, unseen (nats/token)', losses)
  const diagonal = x.domain.map((value) => ({ x: value, y: value }))
  const marks = [Plot.line(diagonal, { x: 'x', y: 'y', stroke: muted }), ...dots(all, 'genuine', 'predicted')]
  return drawPanel(document, { width, height, margin, x, y, marks })
}

function errorPanel(document: SvgDocument, all: readonly Point[]): SvgElement {
  const budgets = all.map(({ C }) => C)
  const x = logAxis('training compute C (FLOPs)', budgets, { most: 5 })
  const y = linearAxis('predicted \u2212 genuine (nats/token)', [-farthest, farthest], { pad: 0.04 })
  const marks = [Plot.ruleY([0], { stroke: ink }), ...dots(all, 'C', 'error')]
  return drawPanel(document, { width, height, margin, x, y, marks })
}

const margin = { top: 34, right: 14, bottom: 52, left: 56 }

/** Stored runs are filled, the regressor's guesses are rings. */
const dots = (points: readonly Point[], x: keyof Point, y: keyof Point) => [
  Plot.dot(
    points.filter(({ onGrid }) => !onGrid),
    { x, y, r: 2.4, stroke: 'color', strokeWidth: 0.9 },
  ),
  Plot.dot(
    points.filter(({ onGrid }) => onGrid),
    { x, y, r: 2.4, fill: 'color' },
  ),
]

// The command

const defaults = { start: 'src/world/cs336.json', out: 'src/world/cs336.json' }

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      folds: { type: 'string', default: '5' },
      seed: { type: 'string', default: '0' },
      repeats: { type: 'string', default: '4' },
      start: { type: 'string', default: defaults.start },
      out: { type: 'string', default: defaults.out },
      figure: { type: 'string' },
      date: { type: 'string', default: new Date().toISOString().slice(0, 10) },
    },
  })
  if (positionals.length !== 1) throw new Error('expected one CSV file of answers')
  const text = readFileSync(positionals[0], 'utf8')
  const answers = readAnswers(text)
  const { coefficients: start } = JSON.parse(readFileSync(values.start, 'utf8')) as { coefficients: Coefficients }

  const fitted = fit(answers, start)
  const coefficients = withLeaves(
    fitted,
    leaves(asTree(fitted)).map(([, value]) => rounded(value, 6)),
  )
  const inSample = predictAll(coefficients, answers)
  // Large runs are few, and a fold can take most of them: several divisions into folds tell more than one.
  const unseen = Array.from({ length: Number(values.repeats) }, (_, repeat) =>
    crossValidate(answers, coefficients, Number(values.folds), Number(values.seed) + repeat),
  )
  const [onGrid, offGrid] = [true, false].map((on) => bandErrors(answers, inSample, unseen, on))

  const provenance = {
    source: 'answers of the training API of Stanford CS336, assignment 3, published by its students',
    file: basename(positionals[0]),
    sha256: createHash('sha256').update(text).digest('hex'),
    rows: answers.length,
    date: values.date,
    method: `scripts/calibrate.ts --folds ${values.folds} --seed ${values.seed} --repeats ${values.repeats}`,
    assumptions,
    errors: { unit: 'nats per token, root mean square', onGrid, offGrid },
  }
  const noise = fitNoise(answers, coefficients)
  writeFileSync(values.out, `${JSON.stringify({ provenance, coefficients, noise }, null, 2)}\n`)
  if (values.figure) writeFileSync(values.figure, await renderPng(drawFigure(answers, unseen[0])))
  process.stdout.write(`${errorTable(onGrid, offGrid)}\n`)
}

await main()
