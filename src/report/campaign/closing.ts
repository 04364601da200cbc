import { compact, nats, significant } from '../number.ts'
import { type Block, heading, paragraph, table } from '../page/blocks.ts'
import { isTrained, sizeOf } from './facts.ts'
import type { CampaignReport } from './input.ts'

export function diagnosticBlocks({ campaign: { diagnostics } }: CampaignReport): Block[] {
  const items = [...diagnostics].sort((a, b) => Number(b.severity === 'warning') - Number(a.severity === 'warning'))
  return [heading('Diagnostics'), items.length > 0 ? { kind: 'diagnostics', items } : paragraph('Nothing to report.')]
}

/** Every run with its reason, in the order of their answers. */
export function runBlocks(report: CampaignReport): Block[] {
  const { runs } = report.campaign
  if (runs.length === 0) return []
  const isExpected = runs.some(({ expected }) => expected)
  const fitted = report.evidence?.fitted ?? []
  const head = ['round', 'why', 'FLOPs', 'N', 'd × n / heads', 'batch', 'rate', 'loss']
  const rows = runs.map((run, i) => [
    run.round < 0 ? 'before' : String(run.round),
    run.reason,
    compact(run.config.trainFlops),
    significant(sizeOf(run.config)),
    `${run.config.dModel} × ${run.config.numLayers} / ${run.config.numHeads}`,
    String(run.config.batchSize),
    compact(run.config.learningRate),
    isTrained(run) ? nats(run.loss) : 'diverged',
    ...(isExpected ? [run.expected ? `${nats(run.expected.loss)} ± ${nats(run.expected.sd)}` : '-'] : []),
    ...(fitted.length > 0 ? [fittedCell(report, i)] : []),
  ])
  const columns = [...head, ...(isExpected ? ['foretold'] : []), ...(fitted.length > 0 ? ['fitted'] : [])]
  const expectedText = isExpected
    ? ' Foretold: the loss expected before the run was bought ± its standard deviation.'
    : ''
  const fittedText = fitted.length > 0 ? ' Fitted: the loss by the law; - where the run is not in the fit.' : ''
  return [
    heading('Appendix: all runs'),
    {
      kind: 'section',
      isClosed: true,
      title: runs.length === 1 ? 'The run' : `All ${runs.length} runs`,
      blocks: [
        paragraph(`d × n / heads: d_model, layers and heads.${expectedText}${fittedText}`),
        ...table(columns, rows, 2),
      ],
    },
  ]
}

function fittedCell({ evidence }: CampaignReport, i: number): string {
  const fitted = evidence?.fitted[i]
  return fitted?.kind === 'used' ? nats(fitted.loss) : '-'
}

/** How to make it again. */
export function provenanceBlocks({ command, versions, seed, task }: CampaignReport, hasSubmission: boolean): Block[] {
  const programs = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  return [
    heading('How this was made'),
    {
      kind: 'facts',
      rows: [
        ['command', { code: command }],
        ['versions', programs.join(', ')],
        ['runs from', task.source],
        ['strategy', task.strategy],
        ['seed', String(seed)],
        ['budget', `${compact(task.budget)} FLOPs`],
        ['target', `${compact(task.target)} FLOPs`],
      ],
    },
    paragraph(
      'Equal seeds and equal answers give an equal campaign. ',
      ...(hasSubmission
        ? [
            { code: 'submission.json' },
            ' beside this report is the prediction as ',
            { code: 'POST /submission' },
            ' takes it.',
          ]
        : ['There is no submission.json, because the prediction is not for the FLOPs of the assignment.']),
    ),
  ]
}
