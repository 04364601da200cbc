import { type CampaignView, type EndedView, hasEnded } from '../../campaign/view.ts'
import { compact, nats, significant } from '../number.ts'
import { type Block, facts, heading, paragraph, type Span, table } from '../page/blocks.ts'
import { batchText, modelCell } from './configuration.ts'
import { isTrained } from './facts.ts'
import type { CampaignReport } from './input.ts'

export function diagnosticBlocks({ result: { diagnostics } }: EndedView): Block[] {
  const items = [...diagnostics].sort((a, b) => Number(b.severity === 'warning') - Number(a.severity === 'warning'))
  return [heading('Diagnostics'), items.length > 0 ? { kind: 'diagnostics', items } : paragraph('Nothing to report.')]
}

/** Every run with its reason, in the order of their answers. */
export function runBlocks(view: CampaignView): Block[] {
  const { runs } = view
  if (runs.length === 0) return []
  const isExpected = runs.some(({ expected }) => expected)
  const fitted = view.evidence?.fitted ?? []
  const { space } = view
  const head = ['round', 'why', 'FLOPs', 'N', space.words.head, 'batch', 'rate', 'loss']
  const rows = runs.map((run, i) => [
    run.round < 0 ? 'before' : String(run.round),
    run.reason,
    compact(run.config.trainFlops),
    significant(run.parameters),
    modelCell(space, run.config),
    batchText(space, run.config.batchSize),
    compact(run.config.learningRate),
    isTrained(run) ? nats(run.loss) : 'diverged',
    ...(isExpected ? [run.expected ? `${nats(run.expected.loss)} ± ${nats(run.expected.sd)}` : '-'] : []),
    ...(fitted.length > 0 ? [fittedCell(view, i)] : []),
  ])
  const columns = [...head, ...(isExpected ? ['predicted'] : []), ...(fitted.length > 0 ? ['fitted'] : [])]
  const expectedText = isExpected
    ? ' Predicted: the loss expected before the run was bought ± its standard deviation.'
    : ''
  const fittedText = fitted.length > 0 ? ' Fitted: the loss by the law; - where the run is not in the fit.' : ''
  return [
    heading('Appendix: all runs'),
    {
      kind: 'section',
      isClosed: true,
      title: runs.length === 1 ? 'The run' : `All ${runs.length} runs`,
      blocks: [paragraph(`${space.words.legend}${expectedText}${fittedText}`), ...table(columns, rows, 2)],
    },
  ]
}

function fittedCell({ evidence }: CampaignView, i: number): string {
  const fitted = evidence?.fitted[i]
  return fitted?.kind === 'used' ? nats(fitted.loss) : '-'
}

/** How to make it again. */
export function provenanceBlocks({ command, versions, view }: CampaignReport, hasSubmission: boolean): Block[] {
  const { task } = view
  const programs = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  return [
    heading('How this was made'),
    facts([
      ['command', { code: command }],
      ['versions', programs.join(', ')],
      ['runs from', task.source],
      ['strategy', task.strategy],
      ['seed', String(task.seed)],
      ['budget', `${compact(task.budget)} FLOPs`],
      ['target', `${compact(task.target)} FLOPs`],
    ]),
    paragraph('Equal seeds and equal answers give an equal campaign. ', ...submissionSpans(view, hasSubmission)),
  ]
}

function submissionSpans(view: CampaignView, hasSubmission: boolean): Span[] {
  if (!hasEnded(view)) return []
  if (!hasSubmission)
    return ['There is no submission.json, because the prediction is not for the models or the FLOPs of the assignment.']
  return [
    { code: 'submission.json' },
    ' beside this report is the prediction as ',
    { code: 'POST /submission' },
    ' takes it.',
  ]
}
