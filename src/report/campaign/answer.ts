import { compact, count, counted, excess, nats, percent, significant } from '../number.ts'
import { capital } from '../table.ts'
import { type Block, list, paragraph, type Span, type Text } from './blocks.ts'
import { configText, range, sourceText } from './facts.ts'
import type { CampaignReport } from './input.ts'

/** The prediction in one sentence and a table, what is true of it where that is known, and what bears on it. */
export function answerBlocks(report: CampaignReport): Block[] {
  const warnings = report.campaign.diagnostics.filter(({ severity }) => severity === 'warning').slice(0, 3)
  return [
    { kind: 'paragraph', text: answer(report), isAnswer: true },
    { kind: 'facts', rows: predictionRows(report) },
    ...truthBlocks(report),
    ...(warnings.length > 0 ? [paragraph('Before relying on this:')] : []),
    ...list(warnings.map(({ message, advice }) => `${message} ${advice}`)),
  ]
}

function answer({ campaign: { prediction }, task }: CampaignReport): Span[] {
  const { config, loss, interval } = prediction
  const ends = interval.loss ? ` (95 % interval ${range(interval.loss, nats)})` : ''
  return [
    `At ${compact(task.target)} FLOPs, train `,
    { strong: configText(config) },
    '. The expected loss is ',
    { strong: nats(loss) },
    ` nats/token${ends}.`,
  ]
}

function predictionRows({ campaign, task }: CampaignReport): [string, Text][] {
  const { prediction, spentFlops, queries, runs } = campaign
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

/** What a simulated world knows. */
function truthBlocks(report: CampaignReport): Block[] {
  const { truth, campaign } = report
  if (!truth) return []
  const { config, parameters, loss, regret, lossError, covered } = truth
  const reached = loss + regret
  const direction = lossError < 0 ? 'too low' : 'too high'
  return [
    paragraph(`${capital(sourceText(report))} is known, so the prediction can be judged:`),
    {
      kind: 'facts',
      rows: [
        ['true optimum', `${configText(config)}: N ${significant(parameters)}, loss ${nats(loss)}`],
        [
          'predicted configuration',
          `reaches ${nats(reached)} in truth; ${nats(campaign.prediction.loss)} was predicted`,
        ],
        ['regret', `${excess(regret)} nats/token`],
        ['error of the loss', lossError === 0 ? '0' : `${excess(Math.abs(lossError))} nats/token ${direction}`],
        [
          '95 % interval',
          covered === null ? 'none was given' : covered ? 'covers the true loss' : 'misses the true loss',
        ],
      ],
    },
  ]
}
