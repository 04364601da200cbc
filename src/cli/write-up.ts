import { join } from 'node:path'
import { version } from '../core/version.ts'
import type { CampaignReport } from '../report/campaign/input.ts'
import { commandLine } from './command-line.ts'
import { writeOutput } from './output.ts'

/** Writes a campaign's report, its figures and its submission into a folder; the files' names. Errors: OUTPUT_FAILED. */
export async function writeUp(
  folder: string,
  report: Omit<CampaignReport, 'title' | 'command' | 'versions'>,
): Promise<string[]> {
  const { renderCampaign } = await import('../report/campaign/report.ts')
  const files = renderCampaign({
    ...report,
    title: `The run of ${report.task.target.toExponential(0).replace('e+', 'e')} FLOPs: a campaign on ${report.task.source}`,
    command: commandLine(process.argv.slice(2)),
    versions: { isoflop: version, node: process.version.slice(1) },
  })
  const written: string[] = []
  for (const [name, content] of Object.entries(files)) {
    const file = join(folder, name)
    await writeOutput(file, content)
    written.push(file)
  }
  return written
}
