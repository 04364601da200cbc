import { anyCodec } from '../space/any.ts'
import type { Measuring } from '../space/space.ts'
import { producerOf } from './producer.ts'
import type { KeyRecord, Standing, Store, StoredRun, Submission } from './store/store.ts'

/** What the command `class` and the class's page say of a key, for programs; FLOPs have all their digits, times are UTC. */

export const keyJson = ({ id, label, budget, used, reserved, revoked, instructor, createdAt }: KeyRecord) => ({
  ...{ id, label, revoked, instructor, createdAt: new Date(createdAt).toISOString() },
  ...{ budget: String(budget), used: String(used), reserved: String(reserved) },
})

export const standingJson = (standing: Standing, deadline: number | null) => {
  const { key, runs, bestLoss, submission, attempts } = standing
  const submittedAt = isoOrNull(submission?.submittedAt ?? null)
  return {
    ...{ ...keyJson(key), runs, bestLoss, lastSeen: isoOrNull(lastSeen(standing)) },
    ...{ attempts, submittedAt, late: isLate(submission, deadline) },
  }
}

export const runJson = ({ config, cost, loss, settledAt }: StoredRun) => ({
  ...{ settledAt: isoOrNull(settledAt), cost: String(cost), loss, config: anyCodec.record(config) },
})

/** The same with its size, for pages, which cannot measure models of every space. */
export const measuredRunJson =
  ({ measure }: Pick<Measuring, 'measure'>) =>
  (run: StoredRun) => ({
    ...runJson(run),
    parameters: measure(run.config, 'none').core,
  })

export const submissionJson = ({ config, predictedLoss, submittedAt, used }: Submission) => ({
  ...{ submittedAt: isoOrNull(submittedAt), used: used === null ? null : String(used), predictedLoss },
  config: anyCodec.record(config),
})

export const isoOrNull = (time: number | null): string | null => (time === null ? null : new Date(time).toISOString())

/** When something of the key was last new, ms since 1970; null where nothing was or it is not known. */
export const lastSeen = ({ lastRunAt, submission }: Standing): number | null => {
  const times = [lastRunAt, submission?.submittedAt ?? null].filter((time) => time !== null)
  return times.length > 0 ? Math.max(...times) : null
}

export const isLate = (submission: Submission | null, deadline: number | null): boolean =>
  submission !== null && deadline !== null && submission.submittedAt >= deadline

/** Whether there are predictions to judge: the truth of simulated worlds alone is known. */
export async function isGradable(store: Store): Promise<boolean> {
  if ((await producerOf(store))?.world === undefined) return false
  return (await store.standings()).some(({ key, submission }) => !key.instructor && submission !== null)
}

/** Runs that are read at once. */
const runsInPage = 1000

/** All runs of a key in the order in which they were settled. */
export async function allRuns(store: Store, id: string): Promise<StoredRun[]> {
  const all: StoredRun[] = []
  for (let next: bigint | null = 0n; next !== null; ) {
    const page = await store.runs(id, next, runsInPage)
    all.push(...page.runs)
    next = page.next
  }
  return all
}
