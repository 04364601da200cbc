import type { EndedView } from '../../campaign/view.ts'
import type { Forecast } from '../../plan/strategy.ts'
import { compact, excess, nats, significant } from '../number.ts'
import { type Block, heading, list, paragraph, table } from '../page/blocks.ts'
import { sentence } from '../prose.ts'
import { batchText, modelCells } from './configuration.ts'
import { largestBudget, range, targetPoints } from './facts.ts'

/** Nats that hardly matter, for saying how flat the valley is. */
const little = 0.005

/** Size and loss at the target, and what would narrow their intervals. */
export function targetBlocks(view: EndedView, figure: (name: string) => Block[]): Block[] {
  const { prediction } = view.result
  return [
    heading(`4. Size and loss at ${compact(view.task.target)} FLOPs`),
    paragraph([sizeText(view), lossText(view), valleyText(view)].filter(Boolean).join(' ')),
    ...figure('target'),
    ...(prediction.narrowing.length > 0 ? [paragraph(narrowingTitle(prediction))] : []),
    ...list(prediction.narrowing.map(sentence)),
    ...alternativeBlocks(view),
  ]
}

const narrowingTitle = ({ interval }: Forecast): string =>
  interval.loss
    ? 'What would narrow the interval of the loss, most important first:'
    : 'What would make the prediction surer, most important first:'

function sizeText({ result: { prediction } }: EndedView): string {
  const { parameters, tokens, interval } = prediction
  const ends = interval.parameters ? ` (95 % interval of the best size ${range(interval.parameters, significant)})` : ''
  return `The best size is put at ${significant(parameters)} parameters without embeddings${ends}, trained on ${significant(tokens)} tokens.${interval.parameters ? '' : ' This strategy gives no interval.'}`
}

function lossText({ result: { prediction }, runs, task }: EndedView): string {
  const { loss, interval } = prediction
  const beyond = task.target / largestBudget(runs)
  const reach =
    Number.isFinite(beyond) && beyond > 1
      ? ` The target has ${significant(beyond)} times the compute of the largest run, so this is an extrapolation.`
      : ''
  const ends = interval.loss ? `, and 95 % of such runs should report ${range(interval.loss, nats)}` : ''
  return `The expected loss is ${nats(loss)} nats/token${ends}.${reach}`
}

/** Which sizes cost hardly more than the best; nothing where the curve does not tell. */
function valleyText(view: EndedView): string {
  const points = targetPoints(view)
  const least = Math.min(...points.map(({ loss }) => loss))
  const flat = points.filter(({ loss }) => loss <= least + little)
  const isCut = flat[0] === points[0] || flat.at(-1) === points.at(-1)
  if (flat.length < 2 || isCut) return ''
  return `The valley is flat: sizes from ${significant(flat[0].parameters)} to ${significant(flat[flat.length - 1].parameters)} cost at most ${little} nats more than the best.`
}

function alternativeBlocks({ result: { prediction }, space }: EndedView): Block[] {
  const { alternatives } = prediction
  if (alternatives.length === 0) return []
  return [
    paragraph('Other sizes at their best hyperparameters, and what they cost beyond the best (excess):'),
    ...table(
      ['N', ...space.words.words.map(({ title }) => title), 'batch', 'rate', 'loss', '95 % of the law', 'excess'],
      alternatives.map(({ config, parameters, loss, excess: beyond, interval }) => [
        significant(parameters),
        ...modelCells(space, config),
        batchText(space, config.batchSize),
        compact(config.learningRate),
        nats(loss),
        interval.every(Number.isFinite) ? range(interval, nats) : '-',
        excess(beyond),
      ]),
      0,
    ),
  ]
}
