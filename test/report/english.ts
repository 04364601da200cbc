import { lawMethodNames, methodNames } from '../../src/fit/method-names.ts'
import { drawFigure, type Figure } from '../../src/report/draw/figure.ts'
import { newDocument } from '../../src/report/draw/svg.ts'
import { inLanguage } from '../../src/report/words/words.ts'

/** Names that Chinese has as they are: methods, and who published something. */
const names = new RegExp(`\\b(?:${[...methodNames, ...lawMethodNames].join('|')}|et al)\\b`, 'g')
/** As many words in a row are a sentence, or a part of one. */
const threeWords = /[A-Za-z]{2,}(?:,?\s+[a-z]{2,}){2,}/g

/** Where a text that should be Chinese goes on in English. */
export const englishIn = (text: string): string[] => text.replace(names, '').match(threeWords) ?? []

/** What figures say in English where they should be Chinese: titles, captions, alternative texts, tables, and whatever is written in the drawing. */
export const englishOf = <Subject>(figures: readonly Figure<Subject>[], subject: Subject): string[] =>
  inLanguage('zh', () =>
    figures.flatMap((figure) => {
      const svg = drawFigure(figure, subject, newDocument())
      if (svg === null) return []
      const drawn = [...svg.querySelectorAll('text')].map(({ outerHTML }) => outerHTML.replace(/<[^>]*>/g, ' '))
      const { columns, rows } = figure.table?.(subject) ?? { columns: [], rows: [] }
      return [figure.title, figure.caption(subject), figure.alt(subject), ...columns, ...rows.flat(), ...drawn]
        .flatMap(englishIn)
        .map((english) => `${figure.name}: ${english}`)
    }),
  )
