import type { Notice } from '../campaign/session.ts'
import { compact } from '../report/number.ts'
import { inLanguage, type Language, words } from '../report/words/words.ts'

/** How a campaign begins, in a line. */
export function noticeText(notice: Notice, language: Language = 'en'): string {
  const say = inLanguage(language, words).notices
  switch (notice.kind) {
    case 'record-lost':
      return say.recordLost
    case 'given':
      return say.given(notice.runs, compact(notice.flops))
    case 'resumed':
      return say.resumed(notice.file, notice.runs, compact(notice.flops))
    case 'unexplained':
      return say.unexplained(notice.runs, compact(notice.flops))
    case 'damaged':
      return say.damaged(notice.file, notice.lines)
    case 'contradicted':
      return say.contradicted(notice.runs, notice.file)
    case 'other-version':
      return say.otherVersion(notice.there, notice.here)
  }
}
