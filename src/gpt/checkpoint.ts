import { readFileSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { writeWhole } from '../core/durable.ts'
import { IsoflopError, outputFailed } from '../core/errors.ts'
import { readSummed, summed } from '../core/summed.ts'
import type { State } from './state.ts'

/** Where a run stands after a step. */
export interface Progressed {
  /** Steps done. */
  readonly step: number
  /** The running average of the loss; null before the first step. */
  readonly average: number | null
  /** The loss of the last step; null before the first. */
  readonly last: number | null
}

/** What a checkpoint file holds besides the arrays: one line of JSON at its start, with a checksum of its own. */
interface Head extends Progressed {
  readonly format: typeof format
  /** Elements of each array. */
  readonly size: number
  /** CRC-32 of the arrays. */
  readonly crc32: number
}

const format = 'isoflop checkpoint 2'
/** The format before heads had a checksum. */
const unsummedFormat = 'isoflop checkpoint 1'

/**
 * Replaces the checkpoint in a file by this one, whole or not at all: a line of JSON, then weights, first and second moments as
 * float32, little-endian.
 * @throws IsoflopError OUTPUT_FAILED
 */
export function saveCheckpoint(file: string, { step, average, last }: Progressed, state: State): void {
  const arrays = arraysOf(state).map(bytesOf)
  const head: Head = { format, step, average, last, size: state.weights.length, crc32: checksum(arrays) }
  const line = new TextEncoder().encode(`${summed(head)}\n`)
  try {
    writeWhole(file, [line, ...arrays])
  } catch (cause) {
    throw outputFailed(file, cause, 'Make room for it and run the same command again: it goes on from the last one.')
  }
}

/**
 * Fills a state from a file; gives null where there is none.
 * @throws IsoflopError CHECKPOINT_INVALID where the file is not what was written for a state of this size.
 */
export function loadCheckpoint(file: string, state: State): Progressed | null {
  const bytes = readIfThere(file)
  if (bytes === null) return null
  const end = bytes.indexOf('\n')
  const head = headOf(bytes.toString('utf8', 0, Math.max(end, 0)))
  if (head === null) throw invalid(file, 'it does not begin like one')
  if (head.size !== state.weights.length)
    throw invalid(file, `it has ${head.size} weights, not ${state.weights.length}`)
  const content = bytes.subarray(end + 1)
  const arrays = arraysOf(state).map(bytesOf)
  const expected = arrays.reduce((sum, array) => sum + array.length, 0)
  if (content.length !== expected) throw invalid(file, `it has ${content.length} bytes of numbers, not ${expected}`)
  if (checksum([content]) !== head.crc32) throw invalid(file, 'its checksum is wrong')
  let from = 0
  for (const array of arrays) {
    array.set(content.subarray(from, from + array.length))
    from += array.length
  }
  const { step, average, last } = head
  return { step, average, last }
}

const arraysOf = ({ weights, firstMoments, secondMoments }: State) => [weights, firstMoments, secondMoments]

const bytesOf = (array: Float32Array): Uint8Array => new Uint8Array(array.buffer, array.byteOffset, array.byteLength)

const checksum = (parts: readonly Uint8Array[]): number => parts.reduce((sum, part) => crc32(part, sum), 0)

function headOf(line: string): Head | null {
  const read = readSummed(line)
  if (read.kind === 'damaged') return null
  const head = read.record as unknown as Head
  const { step, average, last } = head
  const isLoss = (value: unknown) => value === null || (typeof value === 'number' && value > 0)
  const isOurs = read.record.format === (read.kind === 'whole' ? format : unsummedFormat)
  return isOurs && Number.isSafeInteger(step) && step >= 0 && isLoss(average) && isLoss(last) ? head : null
}

function readIfThere(file: string): Buffer | null {
  try {
    return readFileSync(file)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw invalid(file, (cause as Error).message)
  }
}

const invalid = (file: string, why: string): IsoflopError =>
  new IsoflopError(
    'CHECKPOINT_INVALID',
    `${file} is not a checkpoint of this run: ${why}.`,
    'Training begins again from the start.',
  )
