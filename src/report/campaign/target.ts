import type { EndedView } from '../../campaign/view.ts'
import type { Forecast } from '../../plan/strategy.ts'
import { compact, excess, nats, significant } from '../number.ts'
import { type Block, heading, list, paragraph, table } from '../page/blocks.ts'
import { sentence } from '../prose.ts'
import { words } from '../words/words.ts'
import { batchText, modelCells } from './configuration.ts'
import { largestBudget, range, targetPoints } from './facts.ts'

/** Nats that hardly matter, for saying how flat the valley is. */
const little = 0.005

/** Size and loss at the target, and what would narrow their intervals. */
export function targetBlocks(view: EndedView, figure: (name: string) => Block[]): Block[] {
  const { prediction } = view.result
  return [
    heading(words().campaign.target(compact(view.task.target))),
    paragraph([sizeText(view), lossText(view), valleyText(view)].filter(Boolean).join(words().marks.gap)),
    ...figure('target'),
    ...(prediction.narrowing.length > 0 ? [paragraph(narrowingTitle(prediction))] : []),
    ...list(prediction.narrowing.map((text) => sentence(words().elsewhere(text)))),
    ...alternativeBlocks(view),
  ]
}

const narrowingTitle = ({ interval }: Forecast): string =>
  interval.loss ? words().campaign.narrowLoss : words().campaign.makeSurer

function sizeText({ result: { prediction } }: EndedView): string {
  const { parameters, tokens, interval } = prediction
  const say = words().campaign
  const ends = interval.parameters ? say.sizeInterval(range(interval.parameters, significant)) : ''
  return say.bestSize(significant(parameters), ends, significant(tokens), interval.parameters !== null)
}

function lossText({ result: { prediction }, runs, task }: EndedView): string {
  const { loss, interval } = prediction
  const beyond = task.target / largestBudget(runs)
  const say = words().campaign
  const reach = Number.isFinite(beyond) && beyond > 1 ? say.extrapolation(significant(beyond)) : ''
  const ends = interval.loss ? say.shouldReport(range(interval.loss, nats)) : ''
  return say.expectedLoss(nats(loss), ends, reach)
}

/** Which sizes cost hardly more than the best; nothing where the curve does not tell. */
function valleyText(view: EndedView): string {
  const points = targetPoints(view)
  const least = Math.min(...points.map(({ loss }) => loss))
  const flat = points.filter(({ loss }) => loss <= least + little)
  const isCut = flat[0] === points[0] || flat.at(-1) === points.at(-1)
  if (flat.length < 2 || isCut) return ''
  const [low, high] = [flat[0], flat[flat.length - 1]].map(({ parameters }) => significant(parameters))
  return words().campaign.valley(low, high, little)
}

function alternativeBlocks({ result: { prediction }, space }: EndedView): Block[] {
  const { columns: title, ...say } = words().campaign
  const { alternatives } = prediction
  if (alternatives.length === 0) return []
  return [
    paragraph(say.otherSizes),
    ...table(
      [
        'N',
        ...space.words.words.map((word) => word.title),
        ...[title.batch, title.rate, title.loss, title.lawInterval, title.excess],
      ],
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
