/**
 * Text from elsewhere as a terminal or a page may show it: characters that move the cursor, change colours, clear the screen or turn the
 * direction of writing become visible. A column may be called anything, `\x1b[2J` too. Line ends and tabs stay.
 * @example printable('loss\x1b[31m') // 'loss\\x1b[31m'
 */
export const printable = (text: string): string => text.replace(commands, visible)

/** The same for what has to stay in its line, such as a name in a table. */
export const printableLine = (text: string): string => printable(text).replace(/[\n\t]/g, visible)

/** What somebody's program said in several lines, in one. */
export const inOneLine = (text: string): string =>
  printableLine(
    text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '')
      .join(' '),
  )

// C0 but tab and line feed, DEL, C1; marks and embeddings of direction; line and paragraph separators.
const commands =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about
  /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

const visible = (character: string): string => {
  const code = character.charCodeAt(0).toString(16)
  return code.length > 2 ? `\\u${code.padStart(4, '0')}` : `\\x${code.padStart(2, '0')}`
}
