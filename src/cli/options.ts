import { isIP, isIPv6 } from 'node:net'
import { IsoflopError } from '../core/errors.ts'
import { exactInteger, integerAsWritten } from '../core/exact-integer.ts'
import type { NormPrior } from '../fit/norm/prior.ts'
import { longestPrior, parsePrior } from '../fit/norm/prior-text.ts'

/** A parser for commander: what the option takes, checked, or BAD_OPTION saying what came. */
type Parser<Value> = (text: string) => Value

const bad = (name: string, text: string, expected: string): IsoflopError =>
  new IsoflopError(
    'BAD_OPTION',
    `${name} is "${text}", expected ${expected}.`,
    `For example: ${name} ${exampleOf(expected)}`,
  )

const exampleOf = (expected: string) => expected.slice(expected.lastIndexOf(' ') + 1)

/** A whole number of at least `least`. The last word of `expected` is shown as an example. */
export const wholeNumber =
  (name: string, least: number, expected: string): Parser<number> =>
  (text) => {
    const value = Number(text)
    if (text.trim() === '' || !Number.isSafeInteger(value) || value < least) throw bad(name, text, expected)
    return value
  }

/** A port of TCP; 0 is one that is free. */
export const portNumber =
  (name: string): Parser<number> =>
  (text) => {
    const expected = 'a whole number up to 65535, such as 8000'
    const value = wholeNumber(name, 0, expected)(text)
    if (value > 65_535) throw bad(name, text, expected)
    return value
  }

/** A number above 0. The last word of `expected` is shown as an example. */
export const positive =
  (name: string, expected: string): Parser<number> =>
  (text) => {
    const value = text.trim() === '' ? Number.NaN : Number(text)
    if (!(value > 0 && Number.isFinite(value))) throw bad(name, text, expected)
    return value
  }

const unitMs = { s: 1e3, m: 60e3, h: 3600e3, d: 86_400e3 } as const

/** A span of time, as ms: `90s`, `30m`, `1.5h`, `2d`; above 0, and of so many ms at least. */
export const timeSpan =
  (name: string, leastMs = 0, mostMs = Number.POSITIVE_INFINITY): Parser<number> =>
  (text) => {
    const [, amount, unit] = /^(\d{1,9}(?:\.\d{1,9})?)([smhd])$/.exec(text.trim()) ?? []
    const ms = Number(amount) * unitMs[unit as keyof typeof unitMs]
    if (!(ms > 0)) throw bad(name, text, 'seconds, minutes, hours or days above 0 such as 90s, 30m, 2d or 4h')
    if (ms < leastMs) throw bad(name, text, `${leastMs / 1000} s at least, such as ${leastMs / 1000}s`)
    if (ms > mostMs) throw bad(name, text, `${mostMs / unitMs.h} h at most, such as ${mostMs / unitMs.h}h`)
    return ms
  }

const isPlain = (text: string): boolean => /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(text)

/** A name that may stand in files and commands: letters, digits, dots, dashes. */
export const plainName =
  (name: string): Parser<string> =>
  (text) => {
    if (!isPlain(text)) throw bad(name, text.slice(0, 100), 'letters, digits, ".", "_" and "-" such as nano-v3')
    return text
  }

/** Such names, separated by commas, each once. */
export const plainNames =
  (name: string): Parser<string[]> =>
  (text) => {
    const names = text.split(',').map((part) => part.trim())
    if (!names.every(isPlain)) throw bad(name, text.slice(0, 100), 'names separated by commas such as gpu,h100')
    return [...new Set(names)].sort()
  }

/** A size of memory in bytes: `500MB`, `16GB`. */
export const memorySize =
  (name: string): Parser<number> =>
  (text) => {
    const [, amount, unit] = /^(\d{1,6}(?:\.\d{1,3})?)\s?([MGT])i?B?$/i.exec(text.trim()) ?? []
    const bytes = Number(amount) * 2 ** { M: 20, G: 30, T: 40 }[(unit ?? 'G').toUpperCase() as 'M' | 'G' | 'T']
    if (!(bytes > 0)) throw bad(name, text, 'a size of memory above 0 such as 16GB')
    return bytes
  }

/** A number strictly between 0 and 1. */
export const probability =
  (name: string, example = '0.95'): Parser<number> =>
  (text) => {
    const value = Number(text)
    if (!(value > 0 && value < 1)) throw bad(name, text, `a number between 0 and 1, such as ${example}`)
    return value
  }

/** Budgets in FLOPs, separated by commas: ascending, each once. */
export const budgets =
  (name: string): Parser<number[]> =>
  (text) => {
    const values = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)))
    if (!values.every((value) => Number.isFinite(value) && value > 0))
      throw bad(name, text, 'FLOPs separated by commas, such as 1e23,1e24')
    for (const part of text.split(',')) refuseRounded(name, part)
    return [...new Set(values)].sort((a, b) => a - b)
  }

/** Numbers of tokens, separated by commas: ascending, each once. */
export const tokenCounts =
  (name: string): Parser<number[]> =>
  (text) => {
    const values = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)))
    if (!values.every((value) => Number.isFinite(value) && value >= 1))
      throw bad(name, text, 'tokens separated by commas, such as 1e10,1e11')
    return [...new Set(values)].sort((a, b) => a - b)
  }

/** FLOPs that a server takes, as exact numbers: whole, ascending, each once, and none rounded as 2^53 + 1 would be. */
export const wholeBudgets =
  (name: string): Parser<number[]> =>
  (text) => {
    const values = budgets(name)(text)
    if (!values.every(Number.isInteger))
      throw bad(name, text, 'whole numbers of FLOPs separated by commas, such as 1e11,3e11')
    const strange = text.split(',').find((part) => exactInteger(part) === null) // 0x10
    if (strange === undefined) return values
    throw bad(name, strange.trim(), `whole numbers in digits, such as ${integerAsWritten(Number(strange))}`)
  }

/** Refuses a whole number that no double is: 2^53 + 1 must not become 2^53 unsaid. */
function refuseRounded(name: string, text: string): void {
  const written = exactInteger(text)
  if (written === null || written === integerAsWritten(Number(text))) return
  throw bad(name, text.trim(), `whole numbers that a double holds, such as ${integerAsWritten(Number(text))}`)
}

/** A moment with its zone, as ms since 1970: what is meant must not depend on where the server stands. */
export const time =
  (name: string): Parser<number> =>
  (text) => {
    const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)$/.test(text)
    const ms = isTime ? Date.parse(text) : Number.NaN
    if (Number.isNaN(ms)) throw bad(name, text, 'a time with its zone such as 2027-12-15T23:59Z')
    return ms
  }

/** One more address of IP, or a block of them, for an option that takes several. */
export const networkAddresses =
  (name: string) =>
  (text: string, before: readonly string[] = []): readonly string[] => {
    const [address, length] = text.split('/')
    const bits = isIPv6(address) ? 128 : 32
    const isBlock = length === undefined || (/^\d{1,3}$/.test(length) && Number(length) >= 1 && Number(length) <= bits)
    if (isIP(address) === 0 || !isBlock || text.split('/').length > 2)
      throw bad(name, text.slice(0, longestPrior), 'the address of a reverse proxy such as 127.0.0.1')
    return [...before, text]
  }

/** One budget in FLOPs, of any size. */
export const budget = (name: string): Parser<number> => {
  const parse = positive(name, 'a number of FLOPs such as 1e19')
  return (text) => {
    const value = parse(text)
    refuseRounded(name, text)
    return value
  }
}

/** A prior as `alpha=0.3:0.2,q=1`: a median with a standard deviation, or a value that is held. What is not named stays usual. */
export const priorOf =
  (name: string): Parser<NormPrior> =>
  (text) => {
    const prior = parsePrior(text)
    if (prior !== null) return prior
    throw bad(
      name,
      text.slice(0, longestPrior),
      'E (below 1), terms, alpha, beta or q with a positive value, or value:sd, such as alpha=0.3:0.2,q=1',
    )
  }

/** Names from a list, separated by commas. */
export const namesOf =
  <Name extends string>(name: string, known: readonly Name[]): Parser<Name[]> =>
  (text) => {
    const parts = text.split(',').map((part) => part.trim())
    const strange = parts.find((part) => !known.includes(part as Name))
    if (strange !== undefined)
      throw new IsoflopError(
        'BAD_OPTION',
        `${name} has "${strange}", expected one or more of: ${known.join(', ')}.`,
        `For example: ${name} ${known.slice(0, 2).join(',')}`,
      )
    return known.filter((method) => parts.includes(method))
  }

/** One name of a list. */
export const nameOf =
  <Name extends string>(name: string, known: readonly Name[]): Parser<Name> =>
  (text) => {
    const found = known.find((candidate) => candidate === text.trim())
    if (found !== undefined) return found
    throw new IsoflopError(
      'BAD_OPTION',
      `${name} is "${text}", expected one of: ${known.join(', ')}.`,
      `For example: ${name} ${known[0]}`,
    )
  }

/** What --force is for, in every command that has it. */
export const forceHelp = 'replace what is there, also what is of something else'

/** What --lang is for, in every command that has it. */
export const languageHelp = 'of tables, report and figures: en, zh (default: en)'

/** An exact number of FLOPs, of any size: digits, or a power such as 2e18. */
export const flops =
  (name: string): Parser<bigint> =>
  (text) => {
    const value = exactInteger(text)
    if (value === null || value < 0n) throw bad(name, text, 'a whole number of FLOPs, such as 2e18')
    return value
  }
