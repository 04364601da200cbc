import type { FigureText } from '../report/draw/svg.ts'
import type { FitReport } from '../report/fit/input.ts'
import type { Page } from '../report/page/blocks.ts'
import type { TextOptions } from '../report/page/text.ts'
import type { Language } from '../report/words/words.ts'

/** What stands about a report, whatever it is of. */
export type ReportHead = Pick<FitReport, 'title' | 'data' | 'reading' | 'command' | 'versions' | 'language'>

/** What `isoflop fit` has to say, in each form in which it can be asked for; what is not asked for is not made. */
export interface Told {
  json(): unknown
  text(options: TextOptions): Promise<string>
  page(head: ReportHead): Promise<Page>
  figures(language?: Language): Promise<FigureText[]>
}
