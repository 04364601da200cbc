import { words } from './words/words.ts'

/** The text with a capital letter first. */
export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/** Some text without the full stop at its end, Latin or Chinese. From the end, where a pattern would look for one from every place: 5 s for 80 kB of stops. */
export function withoutStop(text: string): string {
  let rest = text.trim()
  while (rest.endsWith('.') || rest.endsWith('。')) rest = rest.slice(0, -1).trimEnd()
  return rest
}

/** Some text with one full stop at its end. */
export const sentence = (text: string): string => `${withoutStop(text)}${words().marks.stop}`

/** Sentences in a row; those that there is nothing to say in are left out. */
export const joined = (...sentences: readonly (string | false | null | undefined)[]): string =>
  sentences.filter(Boolean).join(words().marks.gap)
