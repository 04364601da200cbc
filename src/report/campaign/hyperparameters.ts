import type { EndedView, ViewedRun } from '../../campaign/view.ts'
import type { Config } from '../../core/config.ts'
import { groupBy } from '../../core/group-by.ts'
import type { BatchEffect } from '../../plan/evidence.ts'
import type { Shape } from '../../space/shapes.ts'
import { compact, counted, significant } from '../number.ts'
import { type Block, heading, list } from '../page/blocks.ts'
import { batchText, modelText } from './configuration.ts'
import { range } from './facts.ts'

/** The hyperparameters, and why. */
export function hyperparameterBlocks(view: EndedView, figure: (name: string) => Block[]): Block[] {
  return [
    heading('5. Hyperparameters, and why'),
    ...list([rateText(view), batchChoice(view), ...shapeTexts(view)]),
    ...figure('rates'),
    ...figure('batch'),
  ]
}

function rateText({ result: { prediction }, runs, space }: EndedView): string {
  const { config, interval } = prediction
  const cap = space.learningRate.most
  const ends = interval.learningRate
    ? ` (95 % interval of the best rate ${range(interval.learningRate, significant)})`
    : ''
  const beyond =
    config.learningRate > cap
      ? ` That is more than any run may have (${compact(cap)}), so it rests on how the best rate changes with size and tokens.`
      : ''
  return `Learning rate ${compact(config.learningRate)}${ends}${triedRates(runs)}.${beyond}`
}

/** `, from runs at 100 rates between 1e-4 and 0.001`. */
function triedRates(runs: readonly ViewedRun[]): string {
  const rates = runs.map(({ config }) => config.learningRate)
  if (rates.length === 0) return ''
  const [least, most] = [Math.min(...rates), Math.max(...rates)].map((rate) => compact(rate))
  return least === most
    ? `; all runs have ${least}`
    : `, from runs at ${counted(new Set(rates).size, 'rate')} between ${least} and ${most}`
}

function batchChoice({ result: { prediction }, runs, evidence, task, space }: EndedView): string {
  const { batchSize } = prediction.config
  const counts = [...groupBy(runs, ({ config }) => config.batchSize)].sort(([p], [q]) => p - q)
  const tried = counts.map(([size, own]) => `${own.length} with ${batchText(space, size)}`).join(', ')
  const effect = evidence?.batches.find(({ flops }) => flops === task.target)
  return `Batch ${batchText(space, batchSize)}${effect ? `: ${effectText(effect, space)}` : ''}${tried ? `. Runs by batch: ${tried}` : ''}.`
}

function effectText(
  { batchSizes: [smaller, larger], difference, interval }: BatchEffect,
  space: EndedView['space'],
): string {
  const [better, worse] = difference < 0 ? [larger, smaller] : [smaller, larger]
  const isOpen = interval !== null && interval[0] < 0 && interval[1] > 0
  return (
    `at the target the fitted loss of ${batchText(space, better)} is lower than that of ${batchText(space, worse)} by ${significant(Math.abs(difference), 2)} nats` +
    (isOpen ? ', but the interval of the difference holds zero' : '')
  )
}

/** Width, depth and heads, where the space has them. */
function shapeTexts({ result: { prediction }, runs, space }: EndedView): string[] {
  const { config } = prediction
  if (!isShaped(config)) return [`Model: ${modelText(space, config)}, of those in the list.`]
  const ratio = ({ dModel, numLayers }: Shape) => dModel / numLayers
  const tried = runs.flatMap((run) => (isShaped(run.config) ? [ratio(run.config)] : []))
  const seen =
    tried.length > 1
      ? `; the runs have ${significant(Math.min(...tried), 2)} to ${significant(Math.max(...tried), 2)}`
      : ''
  const { dModel, numLayers, numHeads } = config
  return [
    `Shape: ${dModel} wide and ${numLayers} deep, ${significant(ratio(config), 2)} of width for each layer${seen}.`,
    `Heads: ${numHeads}, of dimension ${significant(dModel / numHeads)}, as near to the usual 64 as the width allows; their number is not fitted.`,
  ]
}

const isShaped = <C extends Config>(config: C): config is C & Shape => 'dModel' in config
