import { en } from './en.ts'
import { zh } from './zh.ts'

/** The words of every language; the bundle of a language has its own alone, under every name (scripts/web.js). */
export const languages = { en, zh }

/** What the page says. */
export const say = languages.en
