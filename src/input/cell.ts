/**
 * The number in a cell: a number, a bigint, or text that writes one in decimal (`1e18`, ` 6.02E+23 `). NaN where the cell
 * is empty or is not a number; Infinity is passed on for the caller to refuse.
 */
export function numberOf(cell: unknown): number {
  if (typeof cell === 'number') return cell
  if (typeof cell === 'string') return numberOfText(cell)
  return typeof cell === 'bigint' ? Number(cell) : Number.NaN
}

function numberOfText(cell: string): number {
  const text = cell.trim()
  // Number('') is 0, and Number('0x10') is 16: neither is how a measurement is written.
  if (text === '' || (text.length > 2 && isRadix(text.charCodeAt(1)))) return Number.NaN
  return Number(text)
}

/** x, o or b, in either case, as the second character of `0x10`. */
function isRadix(code: number): boolean {
  const lower = code | 32
  return lower === 120 || lower === 111 || lower === 98
}

/** Whether a cell holds nothing: absent, null, blank text, or what stands for that, such as a dash. */
export const isMissing = (cell: unknown): boolean =>
  cell === undefined || cell === null || (typeof cell === 'string' && (cell.trim() === '' || isDash(cell)))

/** What stands in tables for nothing. */
const nothing = new Set([
  ...[
    '-',
    '--',
    '---',
    '–',
    '—',
    '―',
    '−',
    '/',
    '?',
    '.',
    '..',
    '...',
    '…',
    'n/a',
    'n.a.',
    'na',
    '#n/a',
    'none',
    'null',
    'tbd',
    'nan',
  ],
])

/** No number has so few characters without beginning with a digit, a sign or a point: a million cells are looked at. */
function isDash(cell: string): boolean {
  if (cell.length > 8) return false
  const first = cell.charCodeAt(0)
  return (first < 48 || first > 57) && nothing.has(cell.trim().toLowerCase())
}

/** What every quantity but the step has to be. */
export const isUsable = (value: number): boolean => value > 0 && value < Number.POSITIVE_INFINITY

/** Why a cell is not usable, naming its column: what came, and what was expected. */
export function complaint(column: string, cell: unknown): string {
  if (isMissing(cell))
    return `${column} is missing${typeof cell === 'string' && isDash(cell) ? ` (${shown(cell)})` : ''}`
  const value = numberOf(cell)
  if (Number.isNaN(value) && typeof cell !== 'number') return `${column} ${shown(cell)} is not a number`
  const expected = value === Number.POSITIVE_INFINITY ? 'a finite number' : 'a positive number'
  return `${column} is ${value}, expected ${expected}`
}

function shown(cell: unknown): string {
  const text = textOfCell(cell)
  const short = text.length > 40 ? `${text.slice(0, 40)}...` : text
  // As JSON, so that a line end inside the text stays out of the message.
  return typeof cell === 'string' ? JSON.stringify(short) : short
}

/** A cell as text: lists and objects as JSON, in which a bigint becomes text; what is nested too deeply for that only by its kind. */
export function textOfCell(cell: unknown): string {
  if (typeof cell !== 'object' || cell === null) return String(cell)
  try {
    return JSON.stringify(cell, (_, value) => (typeof value === 'bigint' ? String(value) : value))
  } catch {
    return Array.isArray(cell) ? '[...]' : '{...}'
  }
}

/**
 * The loss of a run that may be on record or yet to be made: NaN where there is none, also where a NaN stands for that; Infinity
 * where the record says that training diverged; null for what is no loss.
 */
export function recordedLoss(cell: unknown): number | null {
  if (isMissing(cell)) return Number.NaN
  if (typeof cell === 'string' && /^\s*(nan|n\/a|na|null|none)\s*$/i.test(cell)) return Number.NaN
  if (typeof cell === 'string' && /^\s*\+?(inf|infinity|diverged)\s*$/i.test(cell)) return Number.POSITIVE_INFINITY
  if (typeof cell === 'number' && Number.isNaN(cell)) return Number.NaN
  const loss = numberOf(cell)
  return loss > 0 ? loss : null
}

/** What a run costs: NaN where the cell is blank, null for what is no cost. */
export function costOf(cell: unknown): number | null {
  if (isMissing(cell)) return Number.NaN
  const cost = numberOf(cell)
  return cost >= 0 && cost < Number.POSITIVE_INFINITY ? cost : null
}
