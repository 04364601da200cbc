import { type English, en } from './en.ts'
import { zh } from './zh.ts'

/** What reports say, in one language. */
export type Words = English

const all = { en, zh } satisfies Record<string, Words>

/** A language that reports and tables are written in. */
export type Language = keyof typeof all
export const languages = Object.keys(all) as Language[]

let current: Words = en

/** The words of the language that is being written in; English where nobody said which. */
export const words = (): Words => current

/**
 * Writes in a language. What is written between is written at once, so that no other report can come between and the language
 * need not be passed through every table and figure (70 functions and the interface of figures would carry it); what is written
 * later, a promise, does not compile.
 * @example inLanguage('zh', () => fitPage(report))
 */
export function inLanguage<T>(language: Language, write: () => T extends PromiseLike<unknown> ? never : T): T {
  const before = current
  current = all[language]
  try {
    return write()
  } finally {
    current = before
  }
}
