/** What a terminal shows two columns wide (East Asian Width W and F of Unicode's UAX 11, and pictures). */
const wide =
  '\\u1100-\\u115f\\u2e80-\\u303e\\u3041-\\u33ff\\u3400-\\u4dbf\\u4e00-\\u9fff\\ua000-\\ua4cf\\ua960-\\ua97f\\uac00-\\ud7a3\\uf900-\\ufaff' +
  '\\ufe30-\\ufe6f\\uff00-\\uff60\\uffe0-\\uffe6\\u{1b000}-\\u{1b2ff}\\u{20000}-\\u{3fffd}\\p{Emoji_Presentation}'
const isWide = new RegExp(`[${wide}]`, 'u')
const isNothing = /^[\p{Mn}\p{Me}\p{Cf}]+$/u
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** Escapes for bold and colour, which take no place. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what they begin with
const escapes = /\u001b\[[0-9;]*m/g

/**
 * How many columns of a terminal a text takes: a Chinese character two, an accent on a letter none.
 * @example displayWidth('损失 L') // 6
 */
export function displayWidth(text: string): number {
  const shown = text.replace(escapes, '')
  if (/^[\x20-\x7e]*$/.test(shown)) return shown.length
  let width = 0
  for (const { segment } of graphemes.segment(shown))
    width += isWide.test(segment) ? 2 : isNothing.test(segment) ? 0 : 1
  return width
}

/** Text with spaces after it, up to so many columns. */
export const padAfter = (text: string, columns: number): string =>
  text + ' '.repeat(Math.max(0, columns - displayWidth(text)))

/** Text with spaces before it, up to so many columns. */
export const padBefore = (text: string, columns: number): string =>
  ' '.repeat(Math.max(0, columns - displayWidth(text))) + text

/** Between wide characters a line may break, but not before what closes, nor after what opens. */
const breaks = new RegExp(
  `(?<![（「『《【“ ])(?![），。；：、！？」』》】”% ])(?:(?<=[${wide}])(?=[^])|(?<=[^])(?=[${wide}]))`,
  'u',
)

/** A text in the pieces that a line may end with; those before which a space stands begin with it. */
export const piecesOf = (text: string): string[] =>
  text.split(' ').flatMap((word, k) => {
    const [first, ...rest] = word.split(breaks)
    return [k === 0 ? first : ` ${first}`, ...rest]
  })

/** Columns of what is no terminal. */
export const usualWidth = 100

/** Words in lines of at most `width` columns, the first and the others indented as told. */
export function wrap(text: string, first = '', others = first, width = usualWidth): string[] {
  const lines: string[] = []
  let line: string | null = null
  for (const piece of piecesOf(text)) {
    if (line === null) line = first + piece
    else if (displayWidth(line) + displayWidth(piece) > width && line.trim() !== '') {
      lines.push(line.trimEnd())
      line = others + piece.trimStart()
    } else line += piece
  }
  return [...lines, line ?? first]
}

/** As much of a text as fits into so many columns. */
export function cutTo(text: string, columns: number): string {
  let width = 0
  let kept = ''
  for (const { segment } of graphemes.segment(text)) {
    width += displayWidth(segment)
    if (width > columns) break
    kept += segment
  }
  return kept
}
