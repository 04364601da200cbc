import { compact, percent } from '../number.ts'
import { type Block, facts, heading, paragraph } from '../page/blocks.ts'
import { joined } from '../prose.ts'
import { words } from '../words/words.ts'
import type { FitReport } from './input.ts'
import { lawText } from './words.ts'

/** How the numbers came about, so that they can be made again. */
export function provenanceBlocks({ analysis, command, versions, truth }: FitReport): Block[] {
  const { made, ...say } = words().fit
  const { targets, bootstrap } = analysis
  const { seed, resamples, confidence, kind } = bootstrap
  const programs = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  return [
    heading(say.howMade),
    facts([
      [made.command, { code: command }],
      [made.versions, programs.join(', ')],
      [made.targets, targets.length > 0 ? `${targets.map((C) => compact(C)).join(', ')} FLOPs` : say.none],
      [made.seed, String(seed)],
      [made.intervals, say.resamples(percent(confidence), resamples)],
      ...(truth ? [[made.generatedBy, { formula: lawText(truth) }] as const] : []),
    ]),
    paragraph(joined(say.bootstraps, kind === 'score' && say.score)),
  ]
}
