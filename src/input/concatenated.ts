/**
 * The JSON values of a text in which they follow each other, over lines or in one, as `jq` prints them; null where it is not made of whole
 * objects and arrays. Every character is looked at once, before any value is parsed.
 */
export function concatenatedTexts(text: string): string[] | null {
  const texts: string[] = []
  let start = -1
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === quote && depth > 0) at = stringEnd(text, at) - 1
    else if (code === openBrace || code === openBracket) {
      if (depth++ === 0) start = at
    } else if (code === closeBrace || code === closeBracket) {
      if (--depth < 0) return null
      if (depth === 0) texts.push(text.slice(start, at + 1))
    } else if (depth === 0 && !isBlank(code)) return null
  }
  return depth === 0 ? texts : null
}

const [quote, backslash] = [0x22, 0x5c]
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d]
/** A comma may stand between them, too. */
const isBlank = (code: number): boolean => code === 0x20 || (code >= 0x09 && code <= 0x0d) || code === 0x2c

/** Behind the string that begins at a quote. A loop, because a pattern looks at an open string again from each of its quotes. */
export function stringEnd(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === quote) return i + 1
    if (code === backslash) i++
  }
  return text.length
}
