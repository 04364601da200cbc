import { type CampaignView, type EndedView, hasEnded } from '../../campaign/view.ts'
import { compact, nats, significant } from '../number.ts'
import { type Block, facts, heading, paragraph, type Span, table } from '../page/blocks.ts'
import { words } from '../words/words.ts'
import { batchText, modelCell } from './configuration.ts'
import { isTrained, sourceName } from './facts.ts'
import type { CampaignReport } from './input.ts'

export function diagnosticBlocks({ result: { diagnostics } }: EndedView): Block[] {
  const items = [...diagnostics].sort((a, b) => Number(b.severity === 'warning') - Number(a.severity === 'warning'))
  return [
    heading(words().fit.diagnostics),
    items.length > 0 ? { kind: 'diagnostics', items } : paragraph(words().fit.nothingToReport),
  ]
}

/** Every run with its reason, in the order of their answers. */
export function runBlocks(view: CampaignView): Block[] {
  const { runs } = view
  if (runs.length === 0) return []
  const isExpected = runs.some(({ expected }) => expected)
  const fitted = view.evidence?.fitted ?? []
  const { space } = view
  const { columns: title, ...say } = words().campaign
  const head = [title.round, title.why, 'FLOPs', 'N', space.words.head, title.batch, title.rate, title.loss]
  const rows = runs.map((run, i) => [
    run.round < 0 ? say.before : String(run.round),
    words().elsewhere(run.reason),
    compact(run.config.trainFlops),
    significant(run.parameters),
    modelCell(space, run.config),
    batchText(space, run.config.batchSize),
    compact(run.config.learningRate),
    isTrained(run) ? nats(run.loss) : say.diverged,
    ...(isExpected ? [run.expected ? `${nats(run.expected.loss)} ± ${nats(run.expected.sd)}` : '-'] : []),
    ...(fitted.length > 0 ? [fittedCell(view, i)] : []),
  ])
  const columns = [...head, ...(isExpected ? [title.predicted] : []), ...(fitted.length > 0 ? [title.fitted] : [])]
  const notes = `${isExpected ? say.predictedNote : ''}${fitted.length > 0 ? say.fittedNote : ''}`
  return [
    heading(say.appendix),
    {
      kind: 'section',
      isClosed: true,
      title: say.allRuns(runs.length),
      blocks: [paragraph(`${words().elsewhere(space.words.legend)}${notes}`), ...table(columns, rows, 2)],
    },
  ]
}

function fittedCell({ evidence }: CampaignView, i: number): string {
  const fitted = evidence?.fitted[i]
  return fitted?.kind === 'used' ? nats(fitted.loss) : '-'
}

/** How to make it again. */
export function provenanceBlocks({ command, versions, view }: CampaignReport, hasSubmission: boolean): Block[] {
  const { rows: title, ...say } = words().campaign
  const { task } = view
  const programs = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  return [
    heading(words().fit.howMade),
    facts([
      [title.command, { code: command }],
      [title.versions, programs.join(', ')],
      [title.runsFrom, sourceName(task.source)],
      [title.strategy, task.strategy],
      [title.seed, String(task.seed)],
      [title.budget, `${compact(task.budget)} FLOPs`],
      [title.target, `${compact(task.target)} FLOPs`],
    ]),
    paragraph(say.equalSeeds, ...submissionSpans(view, hasSubmission)),
  ]
}

function submissionSpans(view: CampaignView, hasSubmission: boolean): Span[] {
  if (!hasEnded(view)) return []
  if (!hasSubmission) return [words().campaign.noSubmission]
  const [beside, takes] = words().campaign.submission
  return [{ code: 'submission.json' }, beside, { code: 'POST /submission' }, takes]
}
