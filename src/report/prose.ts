/** The text with a capital letter first. */
export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/** Some text without the full stop at its end. */
export const withoutStop = (text: string): string => text.trim().replace(/[.\s]+$/, '')

/** Some text with one full stop at its end. */
export const sentence = (text: string): string => `${withoutStop(text)}.`

/** Sentences in a row; those that there is nothing to say in are left out. */
export const joined = (...sentences: readonly (string | false | null | undefined)[]): string =>
  sentences.filter(Boolean).join(' ')
