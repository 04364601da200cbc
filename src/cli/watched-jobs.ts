import { join } from 'node:path'
import { readHead } from '../campaign/head.ts'
import type { Live } from '../campaign/live.ts'
import { apiSpace, cs336Space } from '../cs336/space.ts'
import { cancelJob, isJobCancelled } from '../launch/cancel-job.ts'
import { spaceOfDocument } from '../space/file.ts'
import type { Space } from '../space/space.ts'
import type { Jobs } from '../watch/jobs.ts'

/** The jobs of Slurm of a campaign's folder, for its page. */
export function slurmJobs(folder: string): Jobs {
  return {
    cancel: async (live, { config }) => cancelJob({ folder, space: spaceOf(folder, live), config }),
    isCancelled: (live, { config }) => isJobCancelled({ folder, space: spaceOf(folder, live), config }),
  }
}

/** The space of a campaign, as its jobs were told it. */
function spaceOf(folder: string, { view }: Live): Space {
  const { spec, name } = view.space
  if (spec !== null) return spaceOfDocument(spec, name)
  const head = readHead(join(folder, 'campaign.json'), apiSpace)
  return cs336Space(head === null ? {} : { vocabularySize: head.identity.vocabularySize }) as unknown as Space
}
