import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * SQLite's write-ahead log, https://sqlite.org/fileformat2.html#the_write_ahead_log: what was written since the file itself was brought up to
 * date, page by page, each with a checksum that goes on from the one before. SQLite believes it up to the first page whose checksum is wrong and
 * drops the rest without a word, because a power cut leaves such an end. A flipped bit in the middle would take back every answer behind it.
 */

/** What a log is. */
export type LogState =
  /** As it was written, or with an end that a process left that was killed while it wrote. */
  | 'whole'
  /** Its last transaction is not whole: the power was cut or the disk was full while it was written, or a bit of it flipped. */
  | 'torn'
  /** Something was written behind what is wrong after that was on the disk. */
  | 'damaged'

const headBytes = 32
const frameHeadBytes = 24

/** Looks at the log of a file. One that changes meanwhile, because another process writes it, is looked at again. */
export async function lookAtLog(file: string): Promise<LogState> {
  let last: LogState = 'whole'
  for (let look = 0; look < 3; look++) {
    last = logState(read(`${file}-wal`))
    if (last === 'whole') return 'whole'
    await sleep(50)
  }
  return last
}

function read(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch {
    return Buffer.alloc(0) // there is none, or SQLite will say why it cannot be read
  }
}

/** What the bytes of a log are. */
export function logState(bytes: Buffer): LogState {
  if (bytes.length <= headBytes) return 'whole' // its head is on the disk before anything is behind it
  const isBigEndian = (bytes[3] & 1) === 1
  const pageBytes = bytes.readUInt32BE(8)
  const sumOf = (from: number, to: number, before: Sum) => sum(bytes, from, to, before, isBigEndian)
  const sumAt = (at: number): Sum => [bytes.readUInt32BE(at), bytes.readUInt32BE(at + 4)]
  const isHeadRight =
    bytes.readUInt32BE(0) >>> 1 === 0x377f0682 >>> 1 && isEqual(sumOf(0, headBytes - 8, [0, 0]), sumAt(headBytes - 8))
  if (!isHeadRight) return 'damaged'

  const frameBytes = frameHeadBytes + pageBytes
  const frames = Math.floor((bytes.length - headBytes) / frameBytes)
  const start = (frame: number) => headBytes + frame * frameBytes
  /** Whether a frame is of this log and not of an earlier one, whose place it has. */
  const isOurs = (frame: number) => bytes.compare(bytes, 16, 24, start(frame) + 8, start(frame) + 16) === 0
  const isCommit = (frame: number) => bytes.readUInt32BE(start(frame) + 4) !== 0
  const isRight = (frame: number) => {
    const at = start(frame)
    const before = frame === 0 ? sumAt(headBytes - 8) : sumAt(start(frame - 1) + 16)
    const head = sumOf(at, at + 8, before)
    return isOurs(frame) && isEqual(sumOf(at + frameHeadBytes, at + frameBytes, head), sumAt(at + 16))
  }

  let end = 0
  while (end < frames && isRight(end)) end++
  let state: LogState = 'whole'
  let isCommitted = end < frames && isOurs(end) && isCommit(end)
  for (let frame = end + 1; frame < frames; frame++) {
    if (!isRight(frame)) continue
    if (isCommitted) return 'damaged' // what comes behind a commit was written when that was on the disk
    state = 'torn'
    isCommitted = isCommit(frame)
  }
  return state
}

type Sum = readonly [number, number]

const isEqual = (p: Sum, q: Sum): boolean => p[0] === q[0] && p[1] === q[1]

/** Goes on with a checksum over some bytes, a multiple of eight, in words of the order that the log's head says. */
function sum(bytes: Buffer, from: number, to: number, before: Sum, isBigEndian: boolean): Sum {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let [first, second] = before
  for (let at = from; at < to; at += 8) {
    first = (first + view.getUint32(at, !isBigEndian) + second) >>> 0
    second = (second + view.getUint32(at + 4, !isBigEndian) + first) >>> 0
  }
  return [first, second]
}
