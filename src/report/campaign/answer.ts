import type { CampaignView, EndedView, ViewedSpace } from '../../campaign/view.ts'
import type { AtCap } from '../../plan/strategy.ts'
import { compact, count, excess, nats, percent, significant, withInterval } from '../number.ts'
import { type Block, type Fact, facts, list, paragraph, type Span, table } from '../page/blocks.ts'
import { capital } from '../prose.ts'
import { words } from '../words/words.ts'
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
    ...(warnings.length > 0 ? [paragraph(words().fit.beforeRelying)] : []),
    ...list(
      warnings.map(
        ({ message, advice }) => `${words().elsewhere(message)}${words().marks.gap}${words().elsewhere(advice)}`,
      ),
    ),
  ]
}

function answer({ result: { prediction }, task, space }: EndedView): Span[] {
  const { config, loss, interval } = prediction
  const say = words().campaign
  const { stop, gap } = words().marks
  const ends = interval.loss ? say.interval(range(interval.loss, nats)) : ''
  return [
    say.train(compact(task.target)),
    { strong: configText(space, config) },
    `${stop}${gap}${say.expected}`,
    { strong: nats(loss) },
    ` nats/token${ends}${stop}`,
  ]
}

function predictionRows({ result: { prediction }, task, spentFlops, queries, runs }: EndedView): Fact[] {
  const { parameters, tokens, config, loss, interval } = prediction
  const given = runs.filter(({ round }) => round < 0).length
  const { rows: title, ...say } = words().campaign
  const best = (ends: typeof interval.parameters) => (ends ? say.bestWithin(range(ends, significant)) : '')
  return [
    [title.size, `${say.parametersText(significant(parameters))}${best(interval.parameters)}`],
    [title.tokens, say.tokensText(significant(tokens), significant(tokens / parameters))],
    [title.learningRate, `${compact(config.learningRate)}${best(interval.learningRate)}`],
    [
      title.loss,
      `${nats(loss)} nats/token${interval.loss ? say.besideInterval(range(interval.loss, nats)) : say.noInterval}`,
    ],
    [
      title.spent,
      say.spentText(
        compact(spentFlops, 4),
        compact(task.budget, 4),
        percent(Number((spentFlops / task.budget).toFixed(3))),
      ),
    ],
    [title.queries, `${count(queries)}${given > 0 ? say.givenBefore(given) : ''}`],
  ]
}

/** What is measured and what is inferred, where the rate lies beyond all that runs may have. */
function atCapBlocks({ result: { prediction }, space }: EndedView): Block[] {
  const { atCap, config, loss, interval } = prediction
  if (atCap === null) return []
  const cap = compact(atCap.config.learningRate)
  const { columns: title, ...say } = words().campaign
  return [
    paragraph(say.noHigherRate(cap)),
    ...table(
      ['', title.rate, title.configuration, 'N', title.loss, title.interval],
      [
        [say.measuredAtCap, cap, ...rowOf(space, atCap), nats(atCap.loss), range(atCap.interval, nats)],
        [
          say.inferred,
          compact(config.learningRate),
          ...rowOf(space, prediction),
          nats(loss),
          interval.loss ? range(interval.loss, nats) : '-',
        ],
      ],
      1,
    ),
    paragraph(say.gain(nats(atCap.gain.loss), range(atCap.gain.interval, nats))),
  ]
}

const rowOf = (space: ViewedSpace, { config, parameters }: Pick<AtCap, 'config' | 'parameters'>): string[] => [
  words().list([modelCell(space, config), words().campaign.batch(batchText(space, config.batchSize))]),
  significant(parameters),
]

/** What a simulated world knows. */
function truthBlocks(view: EndedView): Block[] {
  const { truth, prediction } = view.result
  if (!truth) return []
  const { config, parameters, loss, regret, lossError, covered } = truth
  const reached = loss + regret
  const { truth: title, ...say } = words().campaign
  const direction = lossError < 0 ? say.tooLow : say.tooHigh
  return [
    paragraph(say.isKnown(capital(sourceText(view)))),
    facts([
      [title.optimum, say.optimumIs(configText(view.space, config), significant(parameters), nats(loss))],
      [title.predicted, say.reaches(nats(reached), nats(prediction.loss))],
      [title.regret, `${excess(regret)} nats/token`],
      [title.error, lossError === 0 ? '0' : direction(excess(Math.abs(lossError)))],
      [title.interval, covered === null ? say.noneGiven : covered ? say.covers : say.misses],
    ]),
  ]
}

/** Where a campaign stands that goes on. */
export function standingBlocks({ task, space, spentFlops, runs, estimate }: CampaignView): Block[] {
  const say = words().campaign
  const spent = say.spentOn(compact(spentFlops, 4), compact(task.budget, 4), runs.length)
  const expected =
    estimate === null
      ? say.tooFewForEstimate
      : say.latestPlan(
          compact(task.target),
          configText(space, estimate.config),
          withInterval(estimate.loss, estimate.interval.loss, nats),
        )
  return [
    { kind: 'paragraph', text: [{ strong: say.goesOn }, `${words().marks.gap}${spent}`, expected], isAnswer: true },
  ]
}
