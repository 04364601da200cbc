import { batch } from '@preact/signals'
import type { TableAnswer, TableFlags } from '../../explore/question.ts'
import { isIn, rangesOf } from '../../input/row-ranges.ts'
import type { DataJson } from '../../input/wire.ts'
import { ask, upload } from '../session.ts'
import {
  compared,
  data,
  dropped,
  fault,
  files,
  fitted,
  flags,
  forOtherRuns,
  isMapping,
  isReading,
  selected,
  table,
} from './state.ts'

/** The latest reading: an answer to an older one is of a view that is gone. */
let latest = 0

/** Reads the files as the flags say. */
export async function read(): Promise<void> {
  const mine = begun()
  try {
    const { drop, ...wanted } = flags.value
    const answer = await ask<TableAnswer>('POST', 'table', { files: files.value, flags: wanted })
    if (mine === latest) show(answer, drop)
  } catch (error) {
    if (mine === latest) fail(error)
  }
}

function begun(): number {
  isReading.value = true
  fault.value = ''
  return ++latest
}

/** Rows that were left out stay so, however the files are read anew. */
function show(answer: TableAnswer | null, drop?: string): void {
  batch(() => {
    const told = drop === undefined ? [] : rangesOf(drop)
    const ranges = typeof told === 'string' ? [] : told
    const before = new Set([...dropped.value].map((i) => placeOf(data.value!, i)))
    const { drop: _, ...others } = flags.value
    flags.value = others
    const isOut = (shown: DataJson, i: number): boolean => {
      const at = { source: shown.sources[shown.files[i]], row: shown.rows[i] }
      return before.has(placeOf(shown, i)) || ranges.some((range) => isIn(range, at))
    }
    dropped.value =
      answer?.kind === 'read' ? new Set([...answer.data.rows.keys()].filter((i) => isOut(answer.data, i))) : new Set()
    selected.value = null
    isMapping.value = false
    fitted.value = null
    compared.value = null
    table.value = answer
    isReading.value = false
  })
}

const placeOf = ({ sources, files, rows }: DataJson, i: number): string => `${sources[files[i]]}:${rows[i]}`

/** Nothing is shown of a view that could not be read: it would be of other files than those that are named. */
function fail(error: unknown): void {
  show(null)
  fault.value = (error as Error).message
}

/** Reads the files otherwise. */
export function readWith(changes: Partial<TableFlags>): Promise<void> {
  const next = { ...flags.value, ...changes }
  flags.value = Object.fromEntries(
    Object.entries(next).filter(([, value]) => value !== undefined && value !== '' && value !== false),
  )
  return read()
}

/** Adds files that were dropped on the page, beside those that are there or in their place. */
export async function add(given: readonly File[], isBeside: boolean): Promise<void> {
  const mine = begun()
  try {
    const names: string[] = []
    for (const file of given) names.push(await upload(file))
    if (mine !== latest) return
    files.value = isBeside ? [...files.value, ...names] : names
    flags.value = isBeside ? { ...flags.value, groupBy: 'file' } : {}
    if (!isBeside) forOtherRuns()
  } catch (error) {
    if (mine === latest) {
      isReading.value = false
      fault.value = (error as Error).message
    }
    return
  }
  await read()
}

export function remove(name: string): Promise<void> {
  files.value = files.value.filter((other) => other !== name)
  const { groupBy, ...others } = flags.value
  flags.value = files.value.length > 1 || groupBy !== 'file' ? flags.value : others
  return read()
}
