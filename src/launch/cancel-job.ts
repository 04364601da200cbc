import type { Config } from '../core/config.ts'
import type { Space } from '../space/space.ts'
import { runsIn } from './folder-trainer.ts'
import { jobNames } from './job-name.ts'
import { orderOf } from './order.ts'
import { runFolder, type SlurmJob } from './run-folder.ts'
import { cancelAll, queuedJobs } from './slurm.ts'

/** A run of a campaign in a folder. */
export interface RunOfFolder {
  readonly folder: string
  readonly space: Space
  readonly config: Config
}

/**
 * Cancels the job of a run while no process of its campaign is there: what is on record says to the campaign's next call that it did not fail. Only a job that
 * Slurm knows by number and name is ours; gives whether there was one.
 * Errors: RUN_FAILED where Slurm refuses, CONFIG_INVALID, RECORD_DAMAGED, OUTPUT_FAILED. Throws Unreachable.
 */
export async function cancelJob({ folder, space, config }: RunOfFolder): Promise<boolean> {
  const order = orderOf(space, config)
  const place = runFolder(runsIn(folder), order)
  const job = place.job()
  if (job?.kind !== 'slurm' || place.result().kind === 'made') return false
  const name = jobNames(runsIn(folder))(order)
  if (!(await queuedJobs()).some((one) => one.id === job.id && one.name === name)) return false
  place.started({ ...job, isCancelled: true })
  try {
    await cancelAll([job.id], 'leisure')
  } catch (error) {
    place.started(job)
    throw error
  }
  return true
}

/** Whether the job of a run was cancelled and nobody has seen its end. Errors: CONFIG_INVALID, RECORD_DAMAGED. */
export function isJobCancelled({ folder, space, config }: RunOfFolder): boolean {
  const job = runFolder(runsIn(folder), orderOf(space, config)).job() as SlurmJob | null
  return job?.kind === 'slurm' && job.isCancelled === true
}
