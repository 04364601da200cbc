/** Marks of emphasis, of footnotes, of an estimate and of TeX around a number. Each is taken off once; none has a part that repeats within another. */
const marks: readonly (readonly [RegExp, string])[] = [
  [/^\s*'/, ''],
  [/\$/g, ''],
  [/\\(?:textbf|mathbf|underline|textit|emph|bf|num)\s{0,2}\{([^{}]*)\}/, '$1'],
  [/\\(?:times|cdot)/, '×'],
  [/\\,|[\u00a0\u202f\u2009]/g, ' '],
  [/\*\*([^*]+)\*\*/, '$1'],
  [/__([^_]+)__/, '$1'],
  [/^\s*(?:~|≈|∼|≃|ca\.|approx\.)\s*/i, ''],
  [/[\u2212\u2013](?=\d)/g, '-'],
  [/\{(-?\d+)\}/, '$1'],
]
/** What stands behind a number: its error in brackets, and signs, letters and numbers of footnotes. */
const behind: readonly RegExp[] = [
  /(?<=\d)\s?\(\d+(?:\.\d+)?\)\s*$/,
  /\s?\[[\da-z]{1,2}\]\s*$/i,
  /\^\{?[a-z*†‡]\}?\s*$/i,
  /\s?[*†‡§¶#]{1,3}\s*$/,
]
const raised = '⁰¹²³⁴⁵⁶⁷⁸⁹'
const longest = 80

/** The text of a number without what people put around it: `**3.12**`, `~70M`, `1.2B†`, `3.12(4)`, `$6.4 \times 10^{20}$`. */
export function withoutMarks(text: string): string {
  if (text.length > longest) return text
  let bare = powersRaised(text)
  for (const [mark, instead] of marks) bare = bare.replace(mark, instead)
  // A footnote may follow an error, and the other way round.
  for (const mark of [...behind, ...behind]) bare = bare.replace(mark, '')
  return halfWidth(bare).trim()
}

/** `10¹⁸` as `10^18`; other raised digits are footnotes. */
const powersRaised = (text: string): string =>
  text
    .replace(
      /(?<=10)⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,2}/,
      (power) => `^${[...power].map((digit) => (digit === '⁻' ? '-' : raised.indexOf(digit))).join('')}`,
    )
    .replace(/[⁰¹²³⁴⁵⁶⁷⁸⁹ᵃᵇᶜᵈ]{1,4}\s{0,4}$/, '')

/** Digits and points as wide as Chinese characters in their usual form. */
const halfWidth = (text: string): string =>
  text.replace(/[０-９．，＋－ｅＥ]/g, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0))

/** `10^18`, `3×10^18`, `1.5*10**18`, `2^30`, with a plain unit behind it. */
const power =
  /^(?:([+-]?\d+(?:\.\d+)?)\s?[x×*·⋅]\s?)?(10|2)\s?(?:\^|\*\*)\s?([+-]?\d{1,3}(?:\.\d+)?)(?:\s?(?:flops?|tokens|params|parameters))?$/i

/** The number that is written as a power; NaN for any other text. */
export function numberOfPower(text: string): number {
  const match = text.length > longest ? null : power.exec(text.replace(/\s+/g, ' ').trim())
  if (match === null) return Number.NaN
  const [, digits = '1', base, exponent] = match
  // 1.5e18 has the digits of 1.5×10^18; a product would be off by rounding.
  return base === '10' && /^[+-]?\d+$/.test(exponent)
    ? Number(`${digits}e${exponent}`)
    : Number(digits) * Number(base) ** Number(exponent)
}
