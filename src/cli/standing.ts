import type { Standing } from '../campaign/campaign.ts'
import { type CampaignView, type Surroundings, viewOfStanding } from '../campaign/view.ts'
import { printable } from '../core/printable.ts'
import { standingLine } from '../report/campaign/text.ts'
import { wrap } from '../report/page/width.ts'
import { inLanguage, type Language } from '../report/words/words.ts'
import { type InTraining, lineWith } from './running-line.ts'
import { columnsOf, lineWidth, takesEscapes } from './terminal.ts'

/** Where a campaign stands, for whoever waits for it. */
export interface StandingProgress {
  show(standing: Standing): void
  /** Clears the line. */
  done(): void
}

/** How often a line is written over that says how far runs are, ms. */
const redrawMs = 1000

/** One line that is written over on a terminal, every second where runs go on; elsewhere a line a round. */
export function standingProgress(
  stream: NodeJS.WriteStream,
  about: Surroundings,
  language: Language = 'en',
  running: () => readonly InTraining[] = () => [],
): StandingProgress {
  let view: CampaignView | null = null
  let isShown = false
  const lineOf = (shown: CampaignView) => printable(inLanguage(language, () => standingLine(shown)))
  const draw = () => {
    if (view === null) return
    const columns = lineWidth(stream)
    const line = inLanguage(language, () => lineWith(lineOf(view!), running(), columns))
    stream.write(`\r\x1b[K${line}`)
    isShown = true
  }
  const timer = takesEscapes(stream) ? setInterval(draw, redrawMs) : undefined
  return {
    show(standing) {
      const rounds = view?.rounds.length
      view = viewOfStanding(standing, about)
      if (takesEscapes(stream)) draw()
      else if (view.rounds.length !== rounds)
        stream.write(`${wrap(lineOf(view), '', '  ', columnsOf(stream) ?? Infinity).join('\n')}\n`)
    },
    done() {
      clearInterval(timer)
      if (isShown) stream.write('\r\x1b[K')
      isShown = false
    },
  }
}
