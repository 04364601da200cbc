/**
 * The integer that decimal text writes, every digit of it: `1e23` is 10^23, which no double is. Null for any other text.
 * @example exactInteger('2.5e18') // 2500000000000000000n
 */
export function exactInteger(text: string): bigint | null {
  if (text.length > longest) return null
  const [, sign, whole = '', fraction = '', exponent = '0'] = decimal.exec(text.trim()) ?? []
  if (whole + fraction === '') return null
  const digits = BigInt(`${whole}${fraction}`)
  const shift = Number(exponent) - fraction.length
  const power = 10n ** BigInt(Math.abs(shift))
  if (shift < 0 && digits % power !== 0n) return null
  const value = shift < 0 ? digits / power : digits * power
  return sign === '-' ? -value : value
}

/**
 * A whole number as it is typed and read most easily, in at most so many digits: 2e18, 1.5e18, 1000.
 * @example shortInteger(1_500_000_000_000_000_000n) // '1.5e18'
 */
export function shortInteger(value: bigint, digits = 6): string {
  const [mantissa, exponent] = Number(value)
    .toExponential(digits - 1)
    .split('e')
  return Number(exponent) < 5 ? String(value) : `${Number(mantissa)}e${Number(exponent)}`
}

/**
 * The same with every digit that it has: 1e16, and 9999999999999999 where one less is meant.
 * @example shortExact(3n * 10n ** 17n) // '3e17'
 */
export function shortExact(value: bigint): string {
  const short = shortInteger(value)
  return exactInteger(short) === value ? short : String(value)
}

/** A number as it is typed: 4e13, and 40000000000000 by nobody's hand. */
export const shortNumber = (value: number): string =>
  Number.isInteger(value) ? shortExact(integerAsWritten(value)) : String(value)

/** Characters of the longest text that is looked into; a larger number is no number of FLOPs. */
const longest = 2000
const decimal = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d{1,3}))?$/i

/**
 * The integer that a number stands for as it is written: 10^23 for 1e23, where the nearest double is 8,388,608 less.
 * @throws RangeError when the number is not whole.
 */
export function integerAsWritten(x: number): bigint {
  const value = exactInteger(String(x))
  if (value === null) throw new RangeError(`expected a whole number, got ${x}`)
  return value
}
