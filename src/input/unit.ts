/** What numbers are to be multiplied with, and what that is called. */
export interface Factor {
  readonly value: number
  readonly said: string
  /** The base where the numbers are logarithms; `any` where their size must tell it. `value` is 1 then. */
  readonly base?: 10 | 'e' | 'any'
}

const words: Readonly<Record<string, number>> = {
  k: 1e3,
  thousand: 1e3,
  thousands: 1e3,
  m: 1e6,
  mn: 1e6,
  mio: 1e6,
  mln: 1e6,
  million: 1e6,
  millions: 1e6,
  b: 1e9,
  bn: 1e9,
  g: 1e9,
  billion: 1e9,
  billions: 1e9,
  t: 1e12,
  tn: 1e12,
  trillion: 1e12,
  trillions: 1e12,
  mrd: 1e9,
  bio: 1e12,
  万: 1e4,
  百万: 1e6,
  亿: 1e8,
  十亿: 1e9,
  万亿: 1e12,
}

const prefixes: Readonly<Record<string, number>> = {
  k: 1e3,
  kilo: 1e3,
  m: 1e6,
  mega: 1e6,
  g: 1e9,
  giga: 1e9,
  t: 1e12,
  tera: 1e12,
  p: 1e15,
  peta: 1e15,
  e: 1e18,
  exa: 1e18,
  z: 1e21,
  zetta: 1e21,
}

const secondsOfDay = 86_400

/** A power of ten as `1e6`, `10^6`, `x10^6` or `×1e9`. */
const power = /^[x×*]?\s*(?:1e\+?|10\s*(?:\^|\*\*)\s*)(\d{1,2})$/
/** Multiples of FLOPs: `gflops`, `exaFLOP`; with days behind them of FLOPs a second: `PF-days`, `petaflop/s-days`. */
const flopsWord = /^(k|kilo|m|mega|g|giga|t|tera|p|peta|e|exa|z|zetta)(?:-|\s)?(?:f|flops?)$/
const flopsDays = /^(g|giga|t|tera|p|peta|e|exa)(?:-|\s)?f(?:lops?)?(?:\/?s)?[\s_-]*days?$/

/** The factor that a word says (`M`, `million`, `1e9`, `B tokens`, `PF-days`, `exaFLOP`); null where it says none. */
export function factorOf(word: string): Factor | null {
  const text = word.trim().toLowerCase()
  if (text === '' || text.length > 40) return null
  const bare = text.replace(/^in\s+/, '').replace(/\s+(?:of\s+)?(?:params|parameters|tokens|toks)$/, '')
  const value = words[bare] ?? powerOf(bare) ?? flopsOf(bare) ?? null
  return value === null ? null : { value, said: word.trim() }
}

function powerOf(text: string): number | null {
  const exponent = power.exec(text)?.[1]
  return exponent === undefined ? null : Number(`1e${exponent}`)
}

function flopsOf(text: string): number | null {
  const days = flopsDays.exec(text)?.[1]
  if (days !== undefined) return prefixes[days] * secondsOfDay
  const prefix = flopsWord.exec(text)?.[1]
  return prefix === undefined ? null : prefixes[prefix]
}

/** A name of FLOPs in multiples, such as `total_gflops` or `compute_pf_days`: the name with plain FLOPs, and the factor; else null. */
export function flopsFactorOf(name: string): { readonly bare: string; readonly factor: Factor } | null {
  const parts = name.split(/[\s_-]+/)
  for (const [length, kind] of [
    [2, flopsDays],
    [1, flopsWord],
  ] as const) {
    if (parts.length < length) continue
    const end = parts.slice(-length).join('-').toLowerCase()
    const value = kind.test(end) ? flopsOf(end) : null
    if (value === null || end.length < 3) continue
    const before = parts.slice(0, -length).filter((part) => part.toLowerCase() !== 'in')
    const isCompute = before.length > 0 && /^(?:compute|flops?|c)$/i.test(before.at(-1)!)
    return { bare: [...before, ...(isCompute ? [] : ['flops'])].join('_'), factor: { value, said: end } }
  }
  return null
}

/** How far off a number is, behind it: `± 0.01`, `+/- 0.01`. */
const error = /\s{0,4}(?:±|\+\/?-)\s{0,4}\d[\d.e+-]{0,20}$/i

/** The number of a text such as `20.15M`, `8.273 billion tokens` or `7e19 FLOPs`; NaN where it is none. */
export function numberWithUnit(text: string): number {
  const short = text.length > 60 ? '' : text.trim().replace(error, '')
  const match = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*([a-z\u4e00-\u9fff][a-z\u4e00-\u9fff/ -]*)?$/i.exec(short)
  if (match === null) return Number.NaN
  const [, digits, unit] = match
  if (unit === undefined) return short === text.trim() ? Number.NaN : Number(digits)
  const bare = unit.trim().toLowerCase()
  const value = plainWords.has(bare) ? 1 : factorOf(bare)?.value
  return value === undefined ? Number.NaN : Number(digits) * value
}

const plainWords = new Set(['flop', 'flops', 'tokens', 'toks', 'params', 'parameters', 'nats', 'nats/token'])
