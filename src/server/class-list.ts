import { IsoflopError } from '../core/errors.ts'
import { exactInteger } from '../core/exact-integer.ts'
import { splitRows } from '../input/fields.ts'
import { badFormat, emptyFile } from '../input/source.ts'

/** Somebody on a class list. */
export interface Person {
  readonly label: string
  /** FLOPs; undefined where the list does not say. */
  readonly budget: bigint | undefined
  /** The row as it was, without what becomes a column of ours. */
  readonly cells: readonly string[]
}

export interface ClassList {
  /** Names of the columns of `cells`. */
  readonly columns: readonly string[]
  readonly people: readonly Person[]
}

/** What is added to each row of a class list. */
export const ownColumns = ['key_id', 'key', 'budget'] as const

const nameColumns = ['name', 'label', 'student', 'student name', 'full name', 'display name', '姓名', '名字', '学生']
const firstNames = ['first name', 'given name', 'firstname', '名']
const lastNames = ['last name', 'family name', 'surname', 'lastname', '姓']

/**
 * A class list: a table with a column of names, or of first and last names, and perhaps one of budgets; or names alone, one a line.
 * Errors: COLUMN_MISSING, BAD_OPTION for a budget that is none, FILE_FORMAT, FILE_EMPTY; all of them name the list as `file`.
 */
export function classListOf(file: string, text: string, nameColumn?: string): ClassList {
  const rows = rowsOf(file, text)
  if (rows.length === 0) throw emptyFile(file, 'has no names')
  const columns = columnsOf(file, rows[0], nameColumn)
  const body = columns.hasHeader ? rows.slice(1) : rows
  const head = columns.hasHeader ? rows[0] : ['name']
  const kept = head.flatMap((title, at) => ((ownColumns as readonly string[]).includes(plain(title)) ? [] : [at]))
  const people = body.map((cells, k): Person => {
    const label = columns.names
      .map((at) => nameOf(cells[at] ?? ''))
      .filter((part) => part !== '')
      .join(' ')
    if (label === '')
      throw badFormat(file, `has a row without a name: ${cells.join(',').slice(0, 60)}`, 'Fill it in or leave it out.')
    if (label.length > longestName)
      throw badFormat(
        file,
        `has a name of ${label.length} characters: ${label.slice(0, 60)}`,
        `Shorten it to ${longestName}.`,
      )
    return { label, budget: budgetOf(cells[columns.budget] ?? '', k), cells: kept.map((at) => cells[at] ?? '') }
  })
  if (people.length === 0) throw emptyFile(file, 'has a head and no names')
  return { columns: kept.map((at) => head[at]), people }
}

/** Characters of a name: whoever looks at the class is sent each of them. */
const longestName = 200

/** Signs that nobody sees: they turn the line around, or make one name two. Joiners stay, which some scripts write words with. */
const unseen = /[\p{Cc}\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]/gu

/** A name as everybody sees it: in one line, with each letter written in one way. */
export const nameOf = (text: string): string => text.normalize('NFC').replace(/\s+/g, ' ').replace(unseen, '').trim()

const plain = (title: string): string => nameOf(title).toLowerCase().replaceAll('_', ' ').replace('key id', 'key_id')

/** The rows that are not blank, by the delimiter that the first one has. */
function rowsOf(file: string, text: string): (readonly string[])[] {
  const lines = text.replace(/\r\n?/g, '\n')
  const [first = ''] = lines.split('\n').filter((line) => line.trim() !== '')
  const delimiter = ['\t', ';'].find((sign) => first.includes(sign) && !first.includes(',')) ?? ','
  const { rows, broken, rest } = splitRows(lines, delimiter, true)
  if (broken.size > 0 || rest < lines.length)
    throw badFormat(file, 'has a quote that does not end', 'Write a quote within quotes twice.')
  return rows.filter((cells) => cells.some((cell) => cell.trim() !== ''))
}

/** Where the names and the budgets are. */
function columnsOf(file: string, head: readonly string[], nameColumn: string | undefined) {
  const titles = head.map(plain)
  const budget = titles.indexOf('budget')
  const among = (known: readonly string[]) => titles.findIndex((title) => known.includes(title))
  const name = nameColumn === undefined ? among(nameColumns) : titles.indexOf(plain(nameColumn))
  if (name >= 0) return { names: [name], budget, hasHeader: true }
  const both = [among(firstNames), among(lastNames)]
  if (nameColumn === undefined && !both.includes(-1)) return { names: both, budget, hasHeader: true }
  // "Lovelace, Ada" is two cells of one name only where somebody says so; a list of one column needs no head.
  if (nameColumn === undefined && head.length === 1) return { names: [0], budget: -1, hasHeader: false }
  throw new IsoflopError(
    'COLUMN_MISSING',
    `${file} has no column ${nameColumn === undefined ? 'of names' : `"${nameColumn}"`}; it has ${head.join(', ')}.`,
    'Say which one it is: --name-column COLUMN.',
  )
}

function budgetOf(text: string, row: number): bigint | undefined {
  if (text.trim() === '') return undefined
  const budget = exactInteger(text.trim())
  if (budget !== null && budget >= 0n) return budget
  throw new IsoflopError(
    'BAD_OPTION',
    `The budget of person ${row + 1} is "${text.slice(0, 60)}", expected a whole number of FLOPs.`,
    'For example 2e18; a blank one is that of --budget.',
  )
}
