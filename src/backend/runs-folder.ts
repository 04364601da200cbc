import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { IsoflopError } from '../core/errors.ts'
import type { TrainingConfig } from '../cs336/config.ts'
import { apiCodec } from '../cs336/config.ts'
import type { Accounting } from '../cs336/parameters.ts'
import type { Device } from '../gpt/engine.ts'
import type { TrainingRecord } from '../gpt/record.ts'
import { isBegun, recordIn, stepsIn } from '../gpt/run-folder.ts'
import type { StepReport } from '../gpt/train.ts'

/** What all trainings of a folder have in common: with equal ones, equal configurations have equal answers. */
export interface RunsIdentity {
  /** The identity of the text. */
  readonly corpus: string
  readonly accounting: Accounting
  readonly seed: number
  readonly device: Device
}

/**
 * The trainings of a server on disk: `DIR/c1e3a55a9cf4-api-seed0-cpu/d64-n2-h2-b128-lr0.001-C100000000000/` is one of them. The
 * first name says what they have in common, so that a server with another corpus or seed never goes on with one of them.
 */
export interface RunsFolder {
  of(config: TrainingConfig): string
  /** What a training came to; null where it has not ended, or where what it came to cannot be read: it then ends again. */
  record(config: TrainingConfig): TrainingRecord | null
  /** The steps of a training that are on record. */
  steps(config: TrainingConfig): StepReport[]
  /** Says whether anybody waits for a training: one that nobody does is not gone on with unasked. */
  setWanted(config: TrainingConfig, isWanted: boolean): void
  /** Trainings that were begun, have not ended and are wanted, in the order of their names. */
  unfinished(): TrainingConfig[]
}

/** Opens the trainings that are under a folder. It need not be there yet. */
export function openRunsFolder(dir: string, { corpus, accounting, seed, device }: RunsIdentity): RunsFolder {
  const folder = join(dir, `c${corpus.slice(0, 12)}-${accounting}-seed${seed}-${device}`)
  const of = (config: TrainingConfig) => join(folder, apiCodec.folderName(config))
  const record = (config: TrainingConfig) => {
    try {
      return recordIn(of(config))
    } catch (error) {
      if (error instanceof IsoflopError && error.code === 'CHECKPOINT_INVALID') return null
      throw error
    }
  }
  const unwanted = (place: string) => join(place, '.unwanted')
  return {
    of,
    record,
    steps: (config) => stepsIn(of(config)),
    setWanted(config, isWanted) {
      if (isWanted) rmSync(unwanted(of(config)), { force: true })
      else if (isBegun(of(config))) writeFileSync(unwanted(of(config)), '')
    },
    unfinished: () =>
      namesIn(folder)
        .filter((name) => isBegun(join(folder, name)) && !existsSync(unwanted(join(folder, name))))
        .map(apiCodec.configOfFolder)
        .filter((config) => config !== null)
        .filter((config) => record(config) === null),
  }
}

const namesIn = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder).sort() : [])
