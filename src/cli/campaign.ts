import { setImmediate as turn } from 'node:timers/promises'
import { Command } from 'commander'
import {
  apiSpace,
  type Campaign,
  type CampaignOptions,
  campaign,
  firstPlan,
  type KnownRun,
  type Standing,
} from '../campaign.ts'
import { trainingApi } from '../client/client.ts'
import { apiBudget, type TrainingConfig, targetFlops } from '../core/config.ts'
import { IsoflopError } from '../core/errors.ts'
import { nonEmbeddingParameters } from '../core/flops.ts'
import type { Space, Strategy } from '../plan/strategy.ts'
import type { CampaignTruth } from '../report/campaign/json.ts'
import { standingLine } from '../report/campaign/text.ts'
import { budget, budgets, nameOf, wholeNumber } from './options.ts'
import { ownRuns, withRuns } from './own-runs.ts'
import { type CampaignIdentity, givenRuns, openSession, type RunSource, worldPrefix } from './session.ts'
import { writeUp } from './write-up.ts'

const strategyNames = ['adaptive', 'profiles-lowest', 'profiles-parabola', 'profiles-surface'] as const

type StrategyName = (typeof strategyNames)[number]

interface CampaignFlags {
  readonly api?: string
  readonly apiKey?: string
  readonly world?: string
  readonly runs?: readonly string[]
  readonly budget?: number
  readonly target?: number
  readonly strategy: StrategyName
  readonly trainFlopsGrid?: readonly number[]
  readonly vocabSize: number
  readonly out: string
  readonly seed: number
  readonly dryRun?: boolean
  readonly json?: boolean
}

/** `isoflop campaign`. */
export function campaignCommand(): Command {
  return new Command('campaign')
    .summary('decide which runs to buy, buy them, predict the large one')
    .description(
      'Spends a budget of FLOPs on queries to a training API, fits all answers together, and names the best\n' +
        'configuration at the target and its loss, with intervals. Without --api it plays against a simulated\n' +
        'world. DIR keeps every answer: the same command goes on after a crash or Ctrl-C, and pays nothing twice.',
    )
    .option('--api <URL>', 'a server of the training API, such as http://localhost:8000')
    .option('--api-key <KEY>', 'its key (default: $ISOFLOP_API_KEY, which other users of the machine cannot see)')
    .option('--world <NAME>', 'a simulated world: cs336, handout, chinchilla, seed:N, staged:N (default: cs336)')
    .option('--runs <FILE...>', 'runs that you have, as of "isoflop train": in the fit, and counted as spent')
    .option('--budget <FLOPS>', 'what to spend, at most (default: 2e18)', budget('--budget'))
    .option('--target <FLOPS>', 'the run to predict (default: 1e19)', budget('--target'))
    .option('--strategy <NAME>', strategyNames.join(', '), nameOf('--strategy', strategyNames), strategyNames[0])
    .option('--train-flops-grid <LIST>', "the FLOPs that a query may have (default: the API's 16)", grid)
    .option(
      '--vocab-size <N>',
      'words of the models that are asked for',
      wholeNumber('--vocab-size', 2, 'a whole number such as 32000'),
      apiSpace.vocabularySize,
    )
    .option('--out <DIR>', 'where the record and the report go', 'out')
    .option('--seed <N>', 'equal seeds plan equally', wholeNumber('--seed', 0, 'a whole number such as 0'), 0)
    .option('--dry-run', 'print the first plan, ask nothing')
    .option('--json', 'print one JSON object instead of tables')
    .addHelpText(
      'after',
      '\nExamples:\n  isoflop campaign --world seed:7 --out out/seven\n' +
        '  ISOFLOP_API_KEY=... isoflop campaign --api http://localhost:8000 --out out/assignment',
    )
    .action(runCampaign)
}

const grid = budgets('--train-flops-grid')

async function runCampaign(flags: CampaignFlags): Promise<void> {
  const { budget = apiBudget, target = targetFlops, trainFlopsGrid = apiSpace.trainFlops, seed } = flags
  const vocabularySize = flags.vocabSize
  const own = await ownRuns(flags.runs ?? [], vocabularySize)
  const { source: asked, truthAt, trueLoss } = await openSource(flags, target)
  const source = withRuns(asked, own.runs)
  const space: Space = { ...apiSpace, trainFlops: trainFlopsGrid, vocabularySize }
  const options = { budget, target, seed, strategy: await strategyNamed(flags.strategy), space }
  const firstQuery = (given: readonly KnownRun[]): TrainingConfig | null => {
    const plan = firstPlan({ ...options, given })
    return plan.kind === 'ask' ? (plan.queries[0]?.config ?? null) : null
  }
  const settings = { budget, target, trainFlops: trainFlopsGrid, vocabularySize, runs: own.identity }
  const identity = { source: source.name, strategy: flags.strategy, seed, ...settings }
  const begin = { folder: flags.out, source, identity, firstQuery }
  if (flags.dryRun) return printPlan({ ...options, given: await givenRuns(begin) }, flags)

  const session = await openSession(begin)
  const interruption = listenForSignals()
  const line = standingProgress(process.stderr)
  try {
    for (const notice of session.notices) process.stderr.write(`${notice}\n`)
    const { given, query } = session
    const { signal } = interruption
    const result = await campaign({ ...options, given, query, signal, onStanding: line.show }).catch(explained(flags))
    line.done()
    const truth = (await truthAt?.(result)) ?? null
    const evidence = options.strategy.evidence?.({ runs: result.runs, target, seed, space }) ?? null
    const written = await writeUp(flags.out, { campaign: result, task: identity, seed, evidence, truth, trueLoss })
    await printCampaign(result, flags, identity, truth, [...session.files, ...written])
  } finally {
    line.done()
    interruption.end()
    session.close()
  }
}

async function strategyNamed(name: StrategyName): Promise<Strategy> {
  if (name === 'adaptive') return (await import('../plan/adaptive.ts')).adaptive
  const { profilesStrategy } = await import('../plan/profiles.ts')
  return profilesStrategy(name.replace('profiles-', '') as 'lowest' | 'parabola' | 'surface')
}

// Where runs come from

interface OpenedSource {
  readonly source: RunSource
  /** What is true of a prediction; null where nobody knows. */
  readonly truthAt: ((result: Campaign) => Promise<CampaignTruth>) | null
  /** The noise-free loss of any configuration; null where nobody knows. */
  readonly trueLoss: ((config: TrainingConfig) => number) | null
}

async function openSource(flags: CampaignFlags, target: number): Promise<OpenedSource> {
  const { api, apiKey, world } = flags
  if (api !== undefined && world !== undefined)
    throw new IsoflopError('BAD_OPTION', '--api and --world exclude each other.', 'Give one of them.')
  if (api === undefined && apiKey !== undefined)
    throw new IsoflopError('BAD_OPTION', '--api-key came without --api.', 'Say where the API is: --api URL')
  return api === undefined ? openWorldSource(world ?? 'cs336', target) : openApiSource(api, apiKey)
}

async function openWorldSource(name: string, target: number): Promise<OpenedSource> {
  const { openWorld } = await import('../world/worlds.ts')
  const world = await openWorld(name)
  return {
    source: {
      name: `${worldPrefix}${name}`,
      isPaid: false,
      async ask(config) {
        await turn() // lets Ctrl-C through: a simulated answer takes no time
        return world.observe(config)
      },
      previousRuns: async () => [],
      spentFlops: async () => 0,
    },
    async truthAt({ prediction }) {
      const [{ optimum }, { judged }] = await Promise.all([
        import('../world/optimum.ts'),
        import('../report/campaign/json.ts'),
      ])
      const { config, loss } = optimum(world, target)
      const parameters = nonEmbeddingParameters(config.dModel, config.numLayers)
      return judged(prediction, { config, parameters, loss }, world.loss(prediction.config))
    },
    trueLoss: (config) => world.loss(config),
  }
}

/** How often the client tries again, from 0.2 s on: soon given up at the start, patient (two minutes) once runs are paid for. */
const retries = { opening: 3, asking: 10 }

function openApiSource(url: string, key = process.env.ISOFLOP_API_KEY): OpenedSource {
  const address = addressOf(url)
  if (key === undefined || key === '')
    throw new IsoflopError('BAD_OPTION', '--api needs a key.', 'Give --api-key KEY, or set ISOFLOP_API_KEY.')
  const opening = trainingApi({ url: address, apiKey: key, retries: retries.opening })
  const asking = trainingApi({ url: address, apiKey: key, retries: retries.asking })
  let begun = false
  return {
    source: {
      name: address,
      isPaid: true,
      ask(config) {
        begun = true
        return asking.loss(config)
      },
      previousRuns: () => opening.previousRuns(),
      spentFlops: async () => Number(await (begun ? asking : opening).totalFlopsUsed()),
    },
    truthAt: null,
    trueLoss: null,
  }
}

/** The address as it is kept in the record: no password, no query, no slash at the end. Errors: BAD_OPTION. */
function addressOf(text: string): string {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol) || url.username || url.search)
    throw new IsoflopError(
      'BAD_OPTION',
      `--api is "${text}", expected an http or https address without user or query.`,
      'For example: --api http://localhost:8000',
    )
  return `${url.origin}${url.pathname}`.replace(/\/$/, '')
}

// Ctrl-C

const signalNumbers = { SIGINT: 2, SIGTERM: 15 } as const

/** The first signal asks for an end after the run in flight, the second ends the process. */
function listenForSignals(): { readonly signal: AbortSignal; end(): void } {
  const controller = new AbortController()
  const onSignal = (name: keyof typeof signalNumbers) => {
    if (controller.signal.aborted) process.exit(128 + signalNumbers[name])
    controller.abort()
    process.stderr.write('\nending after the run in flight; the same again ends at once\n')
  }
  const names = Object.keys(signalNumbers) as (keyof typeof signalNumbers)[]
  for (const name of names) process.on(name, onSignal)
  return {
    signal: controller.signal,
    end() {
      for (const name of names) process.off(name, onSignal)
    },
  }
}

/** Says of a campaign that ended too early for a prediction what became of its runs. */
const explained =
  ({ out }: CampaignFlags) =>
  (error: unknown): never => {
    if (!(error instanceof IsoflopError) || error.code !== 'TOO_FEW_RUNS') throw error
    const advice = `${error.advice} What was bought is kept in ${out}: the same command goes on with it.`
    throw new IsoflopError(error.code, error.message, advice.trim(), { cause: error })
  }

// What is printed

interface StandingProgress {
  show(standing: Standing): void
  /** Clears the line. */
  done(): void
}

/** One line that is written over on a terminal; elsewhere a line a round. */
function standingProgress(stream: NodeJS.WriteStream): StandingProgress {
  let round = -1
  let isShown = false
  return {
    show(standing) {
      if (stream.isTTY) {
        stream.write(`\r\x1b[K${standingLine(standing).slice(0, (stream.columns ?? 100) - 1)}`)
        isShown = true
      } else if (standing.round !== round) stream.write(`${standingLine(standing)}\n`)
      round = standing.round
    },
    done() {
      if (isShown) stream.write('\r\x1b[K')
      isShown = false
    },
  }
}

async function printPlan(options: Omit<CampaignOptions, 'query'>, { json }: CampaignFlags): Promise<void> {
  const plan = firstPlan(options)
  const [{ planText }, { planJson }] = await Promise.all([
    import('../report/campaign/text.ts'),
    import('../report/campaign/json.ts'),
  ])
  console.log(json ? JSON.stringify(planJson(plan), null, 2) : planText(plan, options.budget ?? apiBudget))
}

async function printCampaign(
  result: Campaign,
  flags: CampaignFlags,
  identity: CampaignIdentity,
  truth: CampaignTruth | null,
  files: readonly string[],
): Promise<void> {
  const [{ campaignText }, { campaignJson }, { wrap }] = await Promise.all([
    import('../report/campaign/text.ts'),
    import('../report/campaign/json.ts'),
    import('../report/page/text.ts'),
  ])
  if (flags.json) return console.log(JSON.stringify(campaignJson(result, truth), null, 2))
  console.log(campaignText(result, identity, truth, { bold: process.stdout.isTTY === true }))
  console.log(`\n${wrap(`wrote ${files.join(', ')}`, '', '  ').join('\n')}`)
}
