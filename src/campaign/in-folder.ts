import type { Config } from '../core/config.ts'
import type { TrainedRun } from '../core/trainer.ts'
import type { TrainingConfig } from '../cs336/config.ts'
import { apiSpace } from '../cs336/space.ts'
import { type Campaign, type CampaignOptions, campaign, firstPlan, settled } from './campaign.ts'
import { controlIn, forgetCancelled } from './control-file.ts'
import { type CampaignIdentity, runsIdentity } from './head.ts'
import { tellLive } from './live-file.ts'
import { withRuns } from './own-runs.ts'
import { givenRuns, type Notice, openSession, type SessionOptions } from './session.ts'
import type { CampaignTruth } from './truth.ts'
import { type EndedView, type Surroundings, viewOfCampaign } from './view.ts'

/** A campaign whose record is kept in a folder: `given` and `answered` come from there. */
export interface FolderOptions<C extends Config = TrainingConfig>
  extends Omit<CampaignOptions<C>, 'given' | 'answered' | 'withEvidence'> {
  /** Made if it is not there. */
  readonly folder: string
  /** Runs that you have besides those of the trainer: they count as spent and enter the fit. */
  readonly runs?: readonly TrainedRun<C>[]
  /** Whether a simulated campaign takes the place of another one that the folder has; false by default. */
  readonly replaces?: boolean
  /** Whether the result has its evidence, as a report needs it and `isoflop watch`; true by default: it takes half a second. */
  readonly withEvidence?: boolean
  /** The command that goes on with it, for whoever looks on; empty by default. */
  readonly command?: string
  /** Whether what is out goes on when this process has ended; false by default. */
  readonly isDetached?: boolean
  /** On a simulated world: what is true of the prediction, and the noise-free loss of any configuration. */
  readonly truthAt?: ((campaign: Campaign<Config>) => Promise<CampaignTruth>) | null
  readonly trueLoss?: ((config: Config) => number) | null
  /** Told of how it begins. */
  readonly onNotice?: (notice: Notice) => void
}

export interface FolderCampaign<C extends Config = TrainingConfig> {
  readonly campaign: Campaign<C>
  /** The same as plain data. */
  readonly view: EndedView
  readonly identity: CampaignIdentity
  /** The files that it kept. */
  readonly files: readonly string[]
}

/**
 * A campaign that survives: every outcome is on disk before the next question, and the same call goes on with it after a crash and
 * pays for nothing twice. Two processes never run in one folder. `isoflop watch` shows it from there while it goes on, and may have it pause.
 *
 * @example const { campaign } = await campaignInFolder({ folder: 'out', trainer })
 * @throws IsoflopError CAMPAIGN_DIFFERS, CAMPAIGN_RUNNING, OUTPUT_FAILED, RECORD_DAMAGED, and what `campaign` throws.
 */
export async function campaignInFolder<C extends Config = TrainingConfig>(
  options: FolderOptions<C>,
): Promise<FolderCampaign<C>> {
  const { folder, onNotice = () => {}, onStanding = () => {} } = options
  const begin = sessionOf(options)
  const session = await openSession(begin)
  const about = surroundings(options)
  const { command, isDetached = false, trainer: maker } = options
  const { capacity } = maker
  const live = tellLive({
    ...{ folder, about, isDetached, cancels: () => maker.cancels === true },
    ...(capacity && { capacity }),
    ...(command && { command }),
  })
  if (session.isNew) forgetCancelled(folder)
  try {
    for (const notice of session.notices) onNotice(notice)
    const { trainer, given, files } = session
    const ended = await campaign<Config>({
      ...{ withEvidence: true, control: controlIn(folder, live.again), ...options },
      ...{ trainer, given },
      onStanding(standing) {
        live.show(standing)
        onStanding(standing)
      },
    })
    const truth = (await options.truthAt?.(ended)) ?? null
    const view = viewOfCampaign(ended, { ...about, truth })
    live.ended(view)
    return { campaign: ended as Campaign<C>, view, identity: begin.identity, files }
  } finally {
    live.close()
    session.close()
  }
}

/** The runs that count as given where `campaignInFolder` would begin or go on; asks for none and writes nothing. */
export const givenInFolder = (options: FolderOptions<Config>): Promise<readonly TrainedRun[]> =>
  givenRuns(sessionOf(options))

/** What is told beside the campaign itself. */
function surroundings(options: FolderOptions<Config>): Surroundings {
  const { budget, target, strategy, seed, space } = settled(options)
  const { trainer, trueLoss = null } = options
  const task = { source: trainer.name, strategy: strategy.name, words: strategy.words, seed, budget, target }
  return { task, space, trueLoss }
}

function sessionOf(options: FolderOptions<Config>): SessionOptions {
  const { folder, runs = [], replaces = false } = options
  const { budget, target, strategy, seed, space } = settled(options)
  const trainer = withRuns(options.trainer, runs)
  const { trainFlops, vocabularySize, name, fingerprint } = space
  const where = { trainFlops, vocabularySize, space: name === apiSpace.name ? '' : fingerprint }
  const settings = { budget, target, ...where, runs: runsIdentity(runs) }
  const identity = { source: trainer.name, strategy: strategy.name, seed, ...settings }
  const firstQuery = (given: readonly TrainedRun[]): Config | null => {
    const plan = firstPlan({ ...options, given })
    return plan.kind === 'ask' ? (plan.queries[0]?.config ?? null) : null
  }
  return {
    folder,
    trainer,
    identity,
    firstQuery,
    codec: space,
    remembers: options.trainer.previous !== undefined,
    replaces,
  }
}
