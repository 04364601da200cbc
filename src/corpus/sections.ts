/**
 * Long texts in sections, so that a book of any size is read in little memory and can lend some of its pages to the validation
 * part. A cut lies in front of white space that follows a visible character, where a word always ends (`pretokenize.ts`): the
 * tokens of the sections are the tokens of the whole.
 */

/** Code units that a section has at least. */
export const sectionSize = 1 << 14
/** The same where a corpus is so small that sections of the usual size do not give both parts some text. */
export const fineSize = 1 << 12
/** Code units that are looked at to find a cut; where there is no white space in them, they are a section. */
const windowSize = 1 << 20

/** In front of a blank line, of a line end, and of any white space. U+0085 is white space to the words and none to \s. */
const paragraphEnd = /[^\s\x85](?=\r?\n[ \t\r]*\n\s*\S)/g
const lineEnd = /[^\s\x85](?=\r?\n\s*\S)/g
const wordEnd = /[^\s\x85](?=[ \t\r\n]\s*\S)/g

/** How texts are cut: fine cuts come after at most twice their size, in the middle of a word where no white space is near. */
export type Cut = 'usual' | 'fine'

/** The sections of a text that comes in parts; an empty text is one empty section. Equal texts have equal sections, however parted. */
export async function* sectionsOf(
  parts: AsyncIterable<string> | Iterable<string>,
  cut: Cut = 'usual',
): AsyncGenerator<{ text: string; isLast: boolean }> {
  let text = ''
  for await (const part of parts) {
    text += part
    let start = 0
    while (text.length - start > windowSize) {
      const end = start + cutIn(text.slice(start, start + windowSize), false, cut)
      yield { text: text.slice(start, end), isLast: false }
      start = end
    }
    text = text.slice(start)
  }
  for (let start = 0; ; ) {
    const end = start + cutIn(text.slice(start), true, cut)
    yield { text: text.slice(start, end), isLast: end === text.length }
    if (end === text.length) return
    start = end
  }
}

/** Where the first section of a window ends: at a paragraph's end if one is near, else at a line's, else at a word's. */
function cutIn(window: string, isRest: boolean, cut: Cut): number {
  const size = cut === 'fine' ? fineSize : sectionSize
  if (isRest && window.length <= 2 * size) return window.length
  const near = window.slice(0, 2 * size)
  const wide = cut === 'fine' ? near : window
  const end = matchEnd(paragraphEnd, near, size) ?? matchEnd(lineEnd, near, size) ?? matchEnd(wordEnd, wide, size)
  if (end !== null) return end
  const isInCharacter = /[\ud800-\udbff]/.test(wide.at(-1)!)
  return (isRest && wide === window) || !isInCharacter ? wide.length : wide.length - 1
}

function matchEnd(pattern: RegExp, text: string, size: number): number | null {
  pattern.lastIndex = size - 1
  const match = pattern.exec(text)
  return match === null ? null : match.index + 1
}
