import { integerAsWritten } from '../core/exact-integer.ts'

/** Numbers as Python writes them, because the course's server and its students' scripts are Python's. */

/** A float: like JavaScript's shortest digits, but `5.0` for 5 and `1e-05` for 0.00001. */
export function pythonFloat(x: number): string {
  const text = String(x)
  const size = Math.abs(x)
  if (size !== 0 && (size < 1e-4 || size >= 1e16)) {
    const [digits, exponent] = x.toExponential().split('e')
    const sign = exponent.startsWith('-') ? '-' : '+'
    return `${digits}e${sign}${exponent.replace(/^[+-]/, '').padStart(2, '0')}`
  }
  return Number.isInteger(x) ? `${text}.0` : text
}

/** A whole number, all digits: `10000000000000000`. */
export const pythonInteger = (x: number | bigint): string =>
  String(typeof x === 'bigint' || Number.isSafeInteger(x) ? x : integerAsWritten(x)) // below 2^53 JavaScript writes them all
