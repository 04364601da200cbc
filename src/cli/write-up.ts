import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { CampaignView } from '../campaign/view.ts'
import { version } from '../core/version.ts'
import { inLanguage, type Language, words } from '../report/words/words.ts'
import { commandLine } from './command-line.ts'
import { marked, markOf, refuseOthers } from './mark.ts'
import { writeOutput } from './output.ts'

/**
 * Refuses a folder that has results of something else: where a campaign is, its record says whose the others are. Errors: OUTPUT_EXISTS.
 */
export function refuseOtherResults(folder: string, flags: { readonly force?: boolean }): void {
  if (existsSync(join(folder, 'campaign.json'))) return
  const files = ['report.html', 'report.md', 'submission.json'].map((name) => join(folder, name))
  refuseOthers(files, campaignMark, flags)
}

const campaignMark = markOf('campaign')

/** Writes a campaign's report, its figures and its submission into a folder; the files' names. Errors: OUTPUT_FAILED. */
export async function writeUp(folder: string, view: CampaignView, language: Language = 'en'): Promise<string[]> {
  const [{ renderCampaign }, { sourceName }] = await Promise.all([
    import('../report/campaign/report.ts'),
    import('../report/campaign/facts.ts'),
  ])
  const { source, target } = view.task
  const files = renderCampaign({
    view,
    title: inLanguage(language, () =>
      words().campaign.title(target.toExponential(0).replace('e+', 'e'), sourceName(source)),
    ),
    language,
    command: commandLine(process.argv.slice(2)),
    versions: { isoflop: version, node: process.version.slice(1) },
  })
  const written: string[] = []
  for (const [name, content] of Object.entries(files)) {
    const file = join(folder, name)
    await writeOutput(file, name.endsWith('.json') ? content : marked(content, campaignMark))
    written.push(file)
  }
  return written
}
