import { type Block, heading, table } from './page/blocks.ts'
import { inLanguage, languages, words } from './words/words.ts'

/** Ten words that a reader needs, in every language, at the end of a report. */
export function glossaryBlocks(): Block[] {
  const { title, meaning, meanings } = words().glossary
  const all = languages.map((language) => inLanguage(language, words))
  const rows = (Object.keys(meanings) as (keyof typeof meanings)[]).map((key) => [
    ...all.map(({ glossary }) => glossary.names[key]),
    meanings[key],
  ])
  return [heading(title), ...table([...all.map(({ languageName }) => languageName), meaning], rows, all.length + 1)]
}
