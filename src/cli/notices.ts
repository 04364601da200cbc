import type { Notice } from '../campaign/session.ts'
import { compact, counted } from '../report/number.ts'

/** How a campaign begins, in a line. */
export function noticeText(notice: Notice): string {
  switch (notice.kind) {
    case 'record-lost':
      return 'the key has runs of this very campaign: the record is written again from them'
    case 'given':
      return `${counted(notice.runs, 'run')} that were there before: in the fit, and counted as spent (${compact(notice.flops)} FLOPs)`
    case 'resumed':
      return `going on with ${notice.file}: ${counted(notice.runs, 'run')}, ${compact(notice.flops)} FLOPs`
    case 'unexplained':
      return (
        `the key has ${counted(notice.runs, 'run')} beyond the record, asked for just before it broke off or by another client: ` +
        `${compact(notice.flops)} FLOPs that count as spent`
      )
    case 'damaged':
      return `${notice.file} line ${notice.lines.join(', ')} is not what was written, and is not believed: the key gives the runs again`
    case 'contradicted':
      return `${counted(notice.runs, 'run')} ${notice.runs === 1 ? 'has' : 'have'} another loss in ${notice.file} than the key gives now, which counts`
    case 'other-version':
      return `begun with isoflop ${notice.there}, going on with ${notice.here}: the plans may differ`
  }
}
