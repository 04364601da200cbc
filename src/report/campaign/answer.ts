import type { CampaignView, EndedView, ViewedSpace } from '../../campaign/view.ts'
import type { AtCap } from '../../plan/strategy.ts'
import { compact, count, counted, excess, nats, percent, significant, withInterval } from '../number.ts'
import { type Block, type Fact, facts, list, paragraph, type Span, table } from '../page/blocks.ts'
import { capital } from '../prose.ts'
import { batchText, configText, modelCell } from './configuration.ts'
import { range, sourceText } from './facts.ts'

/** The prediction in one sentence and a table, what is true of it where that is known, and what bears on it. */
export function answerBlocks(view: EndedView): Block[] {
  const warnings = view.result.diagnostics.filter(({ severity }) => severity === 'warning').slice(0, 3)
  return [
    { kind: 'paragraph', text: answer(view), isAnswer: true },
    facts(predictionRows(view)),
    ...atCapBlocks(view),
    ...truthBlocks(view),
    ...(warnings.length > 0 ? [paragraph('Before relying on this:')] : []),
    ...list(warnings.map(({ message, advice }) => `${message} ${advice}`)),
  ]
}

function answer({ result: { prediction }, task, space }: EndedView): Span[] {
  const { config, loss, interval } = prediction
  const ends = interval.loss ? ` (95 % interval ${range(interval.loss, nats)})` : ''
  return [
    `At ${compact(task.target)} FLOPs, train `,
    { strong: configText(space, config) },
    '. The expected loss is ',
    { strong: nats(loss) },
    ` nats/token${ends}.`,
  ]
}

function predictionRows({ result: { prediction }, task, spentFlops, queries, runs }: EndedView): Fact[] {
  const { parameters, tokens, config, loss, interval } = prediction
  const given = runs.filter(({ round }) => round < 0).length
  const best = (ends: typeof interval.parameters) => (ends ? `; the best one within ${range(ends, significant)}` : '')
  return [
    ['model size N', `${significant(parameters)} parameters without embeddings${best(interval.parameters)}`],
    ['tokens D', `${significant(tokens)}, ${significant(tokens / parameters)} for each parameter`],
    ['learning rate', `${compact(config.learningRate)}${best(interval.learningRate)}`],
    [
      'loss',
      `${nats(loss)} nats/token${interval.loss ? `, 95 % interval ${range(interval.loss, nats)}` : ', without an interval'}`,
    ],
    [
      'spent',
      `${compact(spentFlops, 4)} of ${compact(task.budget, 4)} FLOPs (${percent(Number((spentFlops / task.budget).toFixed(3)))})`,
    ],
    [
      'queries',
      `${count(queries)}${given > 0 ? `, beside ${counted(given, 'run')} that ${given === 1 ? 'was' : 'were'} there before` : ''}`,
    ],
  ]
}

/** What is measured and what is inferred, where the rate lies beyond all that runs may have. */
function atCapBlocks({ result: { prediction }, space }: EndedView): Block[] {
  const { atCap, config, loss, interval } = prediction
  if (atCap === null) return []
  const cap = compact(atCap.config.learningRate)
  const gain = `${nats(atCap.gain.loss)} nats (95 % interval ${range(atCap.gain.interval, nats)})`
  return [
    paragraph(`No run may have a learning rate above ${cap}, so what is measured stands apart from what is inferred:`),
    ...table(
      ['', 'rate', 'configuration', 'N', 'loss', '95 % interval'],
      [
        [
          'measured: the highest rate of the runs',
          cap,
          ...rowOf(space, atCap),
          nats(atCap.loss),
          range(atCap.interval, nats),
        ],
        [
          'inferred: the best rate by the law',
          compact(config.learningRate),
          ...rowOf(space, prediction),
          nats(loss),
          interval.loss ? range(interval.loss, nats) : '-',
        ],
      ],
      1,
    ),
    paragraph(`The higher rate is expected to gain ${gain}, by the law of the best rate and its prior alone.`),
  ]
}

const rowOf = (space: ViewedSpace, { config, parameters }: Pick<AtCap, 'config' | 'parameters'>): string[] => [
  `${modelCell(space, config)}, batch ${batchText(space, config.batchSize)}`,
  significant(parameters),
]

/** What a simulated world knows. */
function truthBlocks(view: EndedView): Block[] {
  const { truth, prediction } = view.result
  if (!truth) return []
  const { config, parameters, loss, regret, lossError, covered } = truth
  const reached = loss + regret
  const direction = lossError < 0 ? 'too low' : 'too high'
  return [
    paragraph(`${capital(sourceText(view))} is known, so the prediction can be judged:`),
    facts([
      ['true optimum', `${configText(view.space, config)}: N ${significant(parameters)}, loss ${nats(loss)}`],
      ['predicted configuration', `reaches ${nats(reached)} in truth; ${nats(prediction.loss)} was predicted`],
      ['regret', `${excess(regret)} nats/token`],
      ['error of the loss', lossError === 0 ? '0' : `${excess(Math.abs(lossError))} nats/token ${direction}`],
      [
        '95 % interval',
        covered === null ? 'none was given' : covered ? 'covers the true loss' : 'misses the true loss',
      ],
    ]),
  ]
}

/** Where a campaign stands that goes on. */
export function standingBlocks({ task, space, spentFlops, runs, estimate }: CampaignView): Block[] {
  const spent = `${compact(spentFlops, 4)} of ${compact(task.budget, 4)} FLOPs are spent on ${counted(runs.length, 'run')}`
  const expected =
    estimate === null
      ? '. There are too few for an estimate.'
      : `. As of the latest plan, at ${compact(task.target)} FLOPs ${configText(space, estimate.config)} is best, with a loss of ${withInterval(estimate.loss, estimate.interval.loss, nats)} nats/token.`
  return [{ kind: 'paragraph', text: [{ strong: 'This campaign goes on:' }, ` ${spent}`, expected], isAnswer: true }]
}
