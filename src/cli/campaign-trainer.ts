import { apiTrainer } from '../campaign/api-trainer.ts'
import type { Campaign } from '../campaign/campaign.ts'
import type { CampaignTruth } from '../campaign/truth.ts'
import { worldTrainer } from '../campaign/world-trainer.ts'
import type { Config } from '../core/config.ts'
import { IsoflopError } from '../core/errors.ts'
import type { Trainer } from '../core/trainer.ts'
import { apiSpace } from '../cs336/space.ts'
import type { Ending } from '../launch/folder-trainer.ts'
import { compact, nats } from '../report/number.ts'
import type { Space } from '../space/space.ts'
import type { World } from '../world/world.ts'
import { givenApiKey } from './given-keys.ts'
import { openRunTrainer, type RunFlags, refuseWithoutRun } from './run-option.ts'
import type { InTraining } from './running-line.ts'
import { type Submit, submitTo } from './submit.ts'

/** Where the runs of a campaign come from, by the command line. */
export interface TrainerFlags extends RunFlags {
  readonly api?: string
  readonly apiKey?: string
  readonly apiKeyFile?: string
  readonly world?: string
  readonly truth?: boolean
}

/** Who trains, and what is known besides. */
export interface OpenedTrainer {
  readonly trainer: Trainer
  /** What is true of a prediction; null where nobody knows. */
  readonly truthAt: ((result: Campaign<Config>) => Promise<CampaignTruth>) | null
  /** The noise-free loss of any configuration; null where nobody knows. */
  readonly trueLoss: ((config: Config) => number) | null
  /** Sends the prediction; null where nobody takes it. */
  readonly submit: Submit | null
  /** What is made just now, where the trainer tells. */
  readonly running?: () => readonly InTraining[]
}

/** The API, the program or the world that is named; `ending` has programs end. Errors: BAD_OPTION, KEY_INVALID, WORLD_UNKNOWN. */
export async function openTrainer(
  flags: TrainerFlags & { readonly out: string },
  space: Space,
  target: number,
  ending: Ending,
): Promise<OpenedTrainer> {
  const { api, apiKey, apiKeyFile, world, run, parallel } = flags
  const [first, second] = Object.entries({ '--api': api, '--world': world, '--run': run })
    .filter(([, value]) => value !== undefined)
    .map(([name]) => name)
  if (second !== undefined)
    throw new IsoflopError('BAD_OPTION', `${first} and ${second} exclude each other.`, 'Give one of them.')
  refuseWithoutRun(flags)
  if (api === undefined && (apiKey ?? apiKeyFile) !== undefined)
    throw new IsoflopError('BAD_OPTION', 'A key came without --api.', 'Say where the API is: --api URL')
  if (run !== undefined) {
    const trainer = await openRunTrainer(flags, flags.out, space, ending)
    return { trainer, truthAt: null, trueLoss: null, submit: null, running: () => trainer.running() }
  }
  if (api === undefined && parallel !== undefined)
    throw new IsoflopError(
      'BAD_OPTION',
      '--parallel came without --api or --run.',
      'A simulated world answers at once: leave it out.',
    )
  if (api === undefined && world === undefined && space.name !== apiSpace.name)
    throw new IsoflopError(
      'BAD_OPTION',
      `Nobody is named who trains models of the space ${space.name}.`,
      'Try it on a simulated world first: --world seed:7. Then let a program of yours train (--run): docs/cluster.md.',
    )
  if (api === undefined) return openWorldTrainer(flags, space, target)
  const key = await givenApiKey(flags, process.env.ISOFLOP_API_KEY)
  const trainer = apiTrainer(api, key, parallel, space)
  return { trainer, truthAt: null, trueLoss: null, submit: submitTo(api, key, space), running: () => trainer.running() }
}

/** Which worlds a campaign can be played in. */
export const worldNames = 'cs336, chinchilla, seed:N, staged:N'
export const usualWorld = 'seed:7'
/** Whoever does the assignment finds out what is true in this world; `isoflop grade` says it afterwards. */
export const exercise = 'cs336'

async function openWorldTrainer(
  { world: name = usualWorld, truth }: TrainerFlags,
  space: Space,
  target: number,
): Promise<OpenedTrainer> {
  const { openWorld } = await import('../world/worlds.ts')
  const world = await openWorld(name, space)
  await refuseUntrained(world, space)
  const trainer = worldTrainer(world)
  if (name === exercise && truth !== true) return { trainer, truthAt: null, trueLoss: null, submit: null }
  return {
    trainer,
    submit: null,
    async truthAt({ prediction }) {
      const [{ optimum }, { judged }] = await Promise.all([
        import('../world/optimum.ts'),
        import('../campaign/truth.ts'),
      ])
      const { config, loss } = optimum(world, target, space.targetLimits)
      const parameters = space.measure(config, 'none').core
      return judged(prediction, { config, parameters, loss }, world.loss(prediction.config))
    },
    trueLoss: (config) => world.loss(config),
  }
}

/** The handout's law has losses of 7 nats and more at all budgets of the course: no run would be in any fit. Errors: BAD_OPTION. */
async function refuseUntrained(world: World<Config>, space: Space): Promise<void> {
  const [{ optimum }, { leastUnlearned }] = await Promise.all([
    import('../world/optimum.ts'),
    import('../plan/learned.ts'),
  ])
  const { loss, config } = optimum(world, Math.max(...space.trainFlops), space.limits)
  if (loss < leastUnlearned) return
  throw new IsoflopError(
    'BAD_OPTION',
    `In the world ${world.name} no run that may be asked for learns enough: the best of ${compact(config.trainFlops)} FLOPs has a loss of ${nats(loss)}, expected below ${leastUnlearned}.`,
    `Name another: ${worldNames}. The handout's own runs, of larger budgets, are fitted by isoflop fit world:handout.`,
  )
}
