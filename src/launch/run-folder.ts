import { existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { makeFolder, writeWhole } from '../core/durable.ts'
import { IsoflopError, outputFailed } from '../core/errors.ts'
import type { ProcessName } from '../core/processes.ts'
import { readSummed, summed } from '../core/summed.ts'
import { textIn } from '../core/text-in.ts'
import type { Outcome, Purpose } from '../core/trainer.ts'
import { version } from '../core/version.ts'
import { standingOf } from './history.ts'
import type { Order } from './order.ts'
import { type Result, readResult } from './result.ts'

interface Started {
  /** Milliseconds since 1970. */
  readonly startedAt: number
  /** Where its part of the log begins, bytes. */
  readonly logFrom: number
}

/** A program that was started for a run on this machine. */
export interface ProcessJob extends Started {
  readonly kind: 'process'
  /** The shell that it runs in, which leads a group of its own. */
  readonly process: ProcessName
  /** Which of the places for runs at once it has. */
  readonly slot: number
}

/** One that was handed to Slurm. */
export interface SlurmJob extends Started {
  readonly kind: 'slurm'
  readonly id: string
  /** We have told it to end: that it did is no failure. */
  readonly isCancelled?: boolean
}

export type Job = ProcessJob | SlurmJob

export type Lost = Outcome & { readonly kind: 'lost' }

/** How a program ended, as its shell says. */
export interface ProgramEnd {
  readonly status: number
  /** It had been told to end before. */
  readonly isSignalled: boolean
}

/** What was tried of a run that has no result, by one command. */
export interface Tries {
  /** The command and what belongs to it: with another one tries are counted anew. */
  readonly by: string
  readonly failed: number
  /** How far it was when it last ended, 0 to 1. */
  readonly reached: number
  /** Why the last one failed, and its last words. */
  readonly reason: string
  readonly said: string
}

/** The folder of a run: what it was asked for, what runs for it, and what came of it. */
export interface RunFolder {
  readonly path: string
  readonly log: string
  /** Where the shell leaves the status that the program ended with. */
  readonly exit: string
  /** Makes the folder and says in it what is asked for. */
  begin(purpose?: Purpose): void
  result(): Result
  /** What was settled of a run without a result; null where nothing was. */
  lost(): Lost | null
  lose(lost: Lost): void
  /** The program that was started last and whose end nobody has seen; null without. */
  job(): Job | null
  started(job: Job): void
  /** Its end has been seen. */
  ended(): void
  /** Takes away what an earlier program left that could be taken for an answer of the next one; gives where the log ends. */
  clear(): number
  /** How the program ended that was started last; null while it runs, and where its shell was ended with it. */
  ending(): ProgramEnd | null
  /** Null where nothing failed. */
  tries(): Tries | null
  tried(tries: Tries): void
  /** It may be tried as if it never had been. */
  forgetTries(): void
  /** The same where it was lost. */
  forgetFailures(): void
}

/** Files of ours are not larger. */
const mostBytes = 1 << 20

/** @throws IsoflopError OUTPUT_FAILED, and RECORD_DAMAGED where a file of ours is not what was written. */
export function runFolder(runs: string, order: Order): RunFolder {
  const path = join(runs, order.id)
  const file = (name: string) => join(path, name)
  const exit = file('exit')
  const lost = file('lost.json')
  return {
    path,
    log: file('log.txt'),
    exit,
    begin(purpose) {
      const { id, fields, constants } = order
      const config = { isoflop: version, id, ...fields, constants, ...(purpose && { purpose }) }
      writing(path, () => {
        makeFolder(path)
        if (!existsSync(file('config.json'))) writeWhole(file('config.json'), `${JSON.stringify(config, null, 2)}\n`)
      })
    },
    result: () => readResult(file('result.json'), order),
    lost() {
      const record = recordIn(lost)
      return record && { kind: 'lost', error: lostRun(String(record.message)), spentFlops: Number(record.spentFlops) }
    },
    lose({ error, spentFlops = order.trainFlops }) {
      writing(path, () => writeWhole(lost, `${summed({ message: error.message, spentFlops }, 2)}\n`))
    },
    job: () => jobIn(path),
    started: (job) => writing(path, () => writeWhole(file('job.json'), `${summed(job, 2)}\n`)),
    ended: () => writing(path, () => rmSync(file('job.json'), { force: true })),
    clear() {
      writing(path, () => {
        for (const name of ['result.json', 'exit']) rmSync(file(name), { force: true })
      })
      return statSync(file('log.txt'), { throwIfNoEntry: false })?.size ?? 0
    },
    ending() {
      const read = textIn(exit, mostBytes)
      const words = read.kind === 'text' ? /^(\d+)( SIGTERM)?\n$/.exec(read.text) : null
      return words && { status: Number(words[1]), isSignalled: words[2] !== undefined }
    },
    tries: () => recordIn(file('tries.json')) as Tries | null,
    tried: (tries) => writing(path, () => writeWhole(file('tries.json'), `${summed({ ...tries }, 2)}\n`)),
    forgetFailures() {
      writing(path, () => {
        for (const name of ['tries.json', 'lost.json']) rmSync(file(name), { force: true })
      })
    },
    forgetTries: () => writing(path, () => rmSync(file('tries.json'), { force: true })),
  }
}

/** FLOPs that a run has used as far as its history says; all of them where it says nothing. */
export function usedFlops(folder: RunFolder, order: Order): number {
  const { share } = standingOf(folder.path, order)
  return share === null ? order.trainFlops : share * order.trainFlops
}

/** A run without a result, and why. */
export const lostRun = (why: string): IsoflopError =>
  new IsoflopError(
    'RUN_LOST',
    why,
    'The campaign goes on without it. To have it made after all, delete lost.json in its folder and begin with another --out.',
  )

/** The programs of a folder of runs whose end nobody has seen. */
export const jobsIn = (runs: string): Job[] =>
  (existsSync(runs) ? readdirSync(runs) : []).map((name) => jobIn(join(runs, name))).filter((job) => job !== null)

const jobIn = (path: string): Job | null => {
  const file = join(path, 'job.json')
  const record = recordIn(file)
  if (record === null) return null
  const job = record as unknown as Job
  const isJob = job.kind === 'process' ? typeof job.process?.pid === 'number' : job.kind === 'slurm' && job.id !== ''
  if (!isJob) throw damaged(file, 'it names no process and no job')
  return job
}

/** What we wrote into a file; null where it is not there. */
function recordIn(file: string): Readonly<Record<string, unknown>> | null {
  const read = textIn(file, mostBytes)
  if (read.kind === 'none') return null
  if (read.kind === 'invalid') throw damaged(file, read.reason)
  const given = readSummed(read.text)
  if (given.kind === 'whole') return given.record
  throw damaged(file, given.kind === 'damaged' ? given.reason : 'it has no checksum')
}

const damaged = (file: string, reason: string): IsoflopError =>
  new IsoflopError(
    'RECORD_DAMAGED',
    `${file} is not what was written: ${reason}.`,
    'See that nothing runs for this folder any more, and delete the file: the run is then started again.',
  )

function writing<Value>(path: string, work: () => Value): Value {
  try {
    return work()
  } catch (cause) {
    throw outputFailed(path, cause, 'Make room, or name an --out that can be written to; what runs goes on.')
  }
}
