import type { EndedView, ViewedRun } from '../../campaign/view.ts'
import type { Config } from '../../core/config.ts'
import { groupBy } from '../../core/group-by.ts'
import type { BatchEffect } from '../../plan/evidence.ts'
import type { Shape } from '../../space/shapes.ts'
import { compact, significant } from '../number.ts'
import { type Block, heading, list } from '../page/blocks.ts'
import { words } from '../words/words.ts'
import { batchText, modelText } from './configuration.ts'
import { range } from './facts.ts'

/** The hyperparameters, and why. */
export function hyperparameterBlocks(view: EndedView, figure: (name: string) => Block[]): Block[] {
  return [
    heading(words().campaign.hyperparameters),
    ...list([rateText(view), batchChoice(view), ...shapeTexts(view)]),
    ...figure('rates'),
    ...figure('batch'),
  ]
}

function rateText({ result: { prediction }, runs, space }: EndedView): string {
  const { config, interval } = prediction
  const cap = space.learningRate.most
  const say = words().campaign
  const ends = interval.learningRate ? say.rateInterval(range(interval.learningRate, significant)) : ''
  const beyond = config.learningRate > cap ? say.rateBeyond(compact(cap)) : ''
  return say.rateText(compact(config.learningRate), ends, triedRates(runs), beyond)
}

/** `, from runs at 100 rates between 1e-4 and 0.001`. */
function triedRates(runs: readonly ViewedRun[]): string {
  const rates = runs.map(({ config }) => config.learningRate)
  if (rates.length === 0) return ''
  const [least, most] = [Math.min(...rates), Math.max(...rates)].map((rate) => compact(rate))
  return least === most
    ? words().campaign.allHaveRate(least)
    : words().campaign.triedRates(new Set(rates).size, least, most)
}

function batchChoice({ result: { prediction }, runs, evidence, task, space }: EndedView): string {
  const { batchSize } = prediction.config
  const counts = [...groupBy(runs, ({ config }) => config.batchSize)].sort(([p], [q]) => p - q)
  const say = words().campaign
  const tried = words().list(counts.map(([size, own]) => say.withBatch(own.length, batchText(space, size))))
  const effect = evidence?.batches.find(({ flops }) => flops === task.target)
  return say.batchText(batchText(space, batchSize), effect ? effectText(effect, space) : null, tried)
}

function effectText(
  { batchSizes: [smaller, larger], difference, interval }: BatchEffect,
  space: EndedView['space'],
): string {
  const [better, worse] = difference < 0 ? [larger, smaller] : [smaller, larger]
  const isOpen = interval !== null && interval[0] < 0 && interval[1] > 0
  const [one, other] = [better, worse].map((size) => batchText(space, size))
  return words().campaign.batchEffect(one, other, significant(Math.abs(difference), 2), isOpen)
}

/** Width, depth and heads, where the space has them. */
function shapeTexts({ result: { prediction }, runs, space }: EndedView): string[] {
  const { config } = prediction
  const say = words().campaign
  if (!isShaped(config)) return [say.modelOfList(modelText(space, config))]
  const ratio = ({ dModel, numLayers }: Shape) => dModel / numLayers
  const tried = runs.flatMap((run) => (isShaped(run.config) ? [ratio(run.config)] : []))
  const seen =
    tried.length > 1 ? say.shapesSeen(significant(Math.min(...tried), 2), significant(Math.max(...tried), 2)) : ''
  const { dModel, numLayers, numHeads } = config
  return [
    say.shape(dModel, numLayers, significant(ratio(config), 2), seen),
    say.heads(numHeads, significant(dModel / numHeads)),
  ]
}

const isShaped = <C extends Config>(config: C): config is C & Shape => 'dModel' in config
