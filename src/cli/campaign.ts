import { join } from 'node:path'
import { Command } from 'commander'
import { apiTrainer } from '../campaign/api-trainer.ts'
import { type Campaign, type CampaignOptions, firstPlan, type Standing } from '../campaign/campaign.ts'
import { campaignInFolder, givenInFolder } from '../campaign/in-folder.ts'
import { ownRuns } from '../campaign/own-runs.ts'
import type { CampaignTruth } from '../campaign/truth.ts'
import {
  type CampaignView,
  type EndedView,
  type Surroundings,
  viewedSpace,
  viewOfCampaign,
  viewOfStanding,
} from '../campaign/view.ts'
import { worldTrainer } from '../campaign/world-trainer.ts'
import type { Config } from '../core/config.ts'
import { IsoflopError } from '../core/errors.ts'
import { printable } from '../core/printable.ts'
import type { Trainer } from '../core/trainer.ts'
import { apiSpace, cs336Space } from '../cs336/space.ts'
import type { RunningRun } from '../launch/command-trainer.ts'
import { type StrategyName, strategyNamed, strategyNames } from '../plan/strategies.ts'
import { standingLine } from '../report/campaign/text.ts'
import { cutTo, usualWidth } from '../report/page/width.ts'
import { inLanguage, type Language, languages } from '../report/words/words.ts'
import type { Space } from '../space/space.ts'
import { givenApiKey } from './given-keys.ts'
import { examples } from './help.ts'
import { listenForSignals } from './interruption.ts'
import { noticeText } from './notices.ts'
import { budget, languageHelp, nameOf, wholeBudgets, wholeNumber } from './options.ts'
import { isPoolCampaign, type PoolFlags, runPool, withPoolOptions } from './pool.ts'
import { print, printJson, printPage, printWritten, say } from './print.ts'
import { openRunTrainer, type RunFlags, refuseWithoutRun, runningText, withRunOptions } from './run-option.ts'
import { withStudyCommands } from './study.ts'
import { takesEscapes, textOptions } from './terminal.ts'
import { writeUp } from './write-up.ts'

interface CampaignFlags extends PoolFlags, RunFlags {
  readonly api?: string
  readonly apiKey?: string
  readonly apiKeyFile?: string
  readonly world?: string
  readonly runs?: readonly string[]
  readonly strategy: StrategyName
  readonly space?: string
  readonly trainFlopsGrid?: readonly number[]
  readonly vocabSize?: number
  readonly lang?: Language
}

/** `isoflop campaign`. */
export function campaignCommand(): Command {
  const command = new Command('campaign')
    .summary('decide which runs to buy, buy them, predict the large one')
    .description(
      'Spends a budget of FLOPs on queries to a training API, fits all answers together, and names the best\n' +
        'configuration at the target and its loss, with intervals. Without --api it plays against a simulated\n' +
        'world. DIR keeps every answer: the same command goes on after a crash or Ctrl-C, and pays nothing twice.',
    )
    .optionsGroup('Where runs come from:')
    .option('--api <URL>', 'a server of the training API, such as http://localhost:8000')
    .option('--api-key <KEY>', 'its key (default: $ISOFLOP_API_KEY); others on this machine see it')
    .option('--api-key-file <FILE>', 'a file with the key, which nobody sees; - for stdin')
    .option('--world <NAME>', 'a simulated world: cs336, handout, chinchilla, seed:N, staged:N (default: cs336)')
    .option('--runs <FILE...>', 'runs that you have, as of "isoflop train": in the fit, and counted as spent')
    .option(
      '--parallel <N>',
      'runs at once, with --run or where the API trains as many (default: 1)',
      wholeNumber('--parallel', 1, 'a whole number such as 4'),
    )
    .optionsGroup('What is planned:')
    .option('--budget <FLOPS>', "what to spend, at most (default: the space's; the course's 2e18)", budget('--budget'))
    .option('--target <FLOPS>', "the run to predict (default: the space's; the course's 1e19)", budget('--target'))
    .option('--strategy <NAME>', strategyNames.join(', '), nameOf('--strategy', strategyNames), strategyNames[0])
    .option('--space <FILE>', "models, batches, rates and FLOPs of your own, JSON or TOML (default: the course's)")
    .option('--train-flops-grid <LIST>', "the FLOPs that a query may have (default: the API's 16)", grid)
    .option(
      '--vocab-size <N>',
      'words of the models that are asked for (default: 32000)',
      wholeNumber('--vocab-size', 2, 'a whole number such as 32000'),
    )
    .optionsGroup('What is kept and printed:')
    .option('--out <DIR>', 'where the record and the report go', 'out')
    .option('--seed <N>', 'equal seeds plan equally', wholeNumber('--seed', 0, 'a whole number such as 0'), 0)
    .option('--dry-run', 'print the first plan, ask nothing')
    .option('--lang <LANGUAGE>', languageHelp, nameOf('--lang', languages))
    .option('--json', 'print one JSON object instead of tables')
    .addHelpText(
      'after',
      examples(
        'isoflop campaign --world seed:7 --out out/seven',
        'isoflop campaign --space examples/spaces/llama.json --world seed:7 --out out/llama',
        'ISOFLOP_API_KEY=... isoflop campaign --api http://localhost:8000 --out out/assignment',
      ),
    )
    .action((flags: CampaignFlags, own: Command) => (isPoolCampaign(own) ? runPool(flags) : runCampaign(flags)))
  return withStudyCommands(withPoolOptions(withRunOptions(command)))
}

const grid = wholeBudgets('--train-flops-grid')

async function runCampaign(flags: CampaignFlags): Promise<void> {
  const space = await openSpace(flags)
  const { budget = space.budget, target = space.target, seed } = flags
  const runs = await ownRuns(flags.runs ?? [], space)
  const { trainer, truthAt, trueLoss, running } = await openTrainer(flags, space, target)
  const strategy = await strategyNamed(flags.strategy)
  const options = { folder: flags.out, trainer, runs, budget, target, seed, strategy, space }
  if (flags.dryRun) return printPlan({ ...options, given: await givenInFolder(options) }, flags)

  const interruption = listenForSignals(
    running ? 'ending what runs; the same command goes on with it' : 'ending after the run in flight',
  )
  const task = { source: trainer.name, strategy: strategy.name, words: strategy.words, seed, budget, target }
  const line = standingProgress(process.stderr, { task, space }, flags.lang, running)
  try {
    const { campaign, files } = await campaignInFolder({
      ...options,
      withEvidence: true,
      signal: interruption.signal,
      onNotice: (notice) => say(noticeText(notice)),
      onStanding: line.show,
    }).catch(explained(flags))
    line.done()
    const truth = (await truthAt?.(campaign)) ?? null
    const view = viewOfCampaign(campaign, { task, space, truth, trueLoss })
    const written = await writeUp(flags.out, view, flags.lang)
    await printCampaign(view, flags, [...files, ...written])
  } finally {
    line.done()
    interruption.end()
  }
}

/** What may be asked: the course's space, or that of a file. Errors: BAD_OPTION, and those of `readSpace`. */
async function openSpace({ space, trainFlopsGrid, vocabSize }: CampaignFlags): Promise<Space> {
  if (space === undefined)
    return cs336Space({
      ...(vocabSize !== undefined && { vocabularySize: vocabSize }),
      ...(trainFlopsGrid && { trainFlops: trainFlopsGrid }),
    })
  if (vocabSize !== undefined || trainFlopsGrid !== undefined)
    throw new IsoflopError(
      'BAD_OPTION',
      `${vocabSize === undefined ? '--train-flops-grid' : '--vocab-size'} came with --space, whose file says that.`,
      'Change the file, or leave the option out.',
    )
  const { spaceNamed } = await import('./space-option.ts')
  return spaceNamed(space)
}

// Where runs come from

interface OpenedTrainer {
  readonly trainer: Trainer
  /** What is true of a prediction; null where nobody knows. */
  readonly truthAt: ((result: Campaign<Config>) => Promise<CampaignTruth>) | null
  /** The noise-free loss of any configuration; null where nobody knows. */
  readonly trueLoss: ((config: Config) => number) | null
  /** What its program makes just now, where it has one. */
  readonly running?: () => readonly RunningRun[]
}

async function openTrainer(flags: CampaignFlags, space: Space, target: number): Promise<OpenedTrainer> {
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
    const trainer = await openRunTrainer(flags, flags.out, space)
    return { trainer, truthAt: null, trueLoss: null, running: () => trainer.running() }
  }
  if (api === undefined && parallel !== undefined)
    throw new IsoflopError(
      'BAD_OPTION',
      '--parallel came without --api or --run.',
      'A simulated world answers at once: leave it out.',
    )
  if (api !== undefined && space.name !== apiSpace.name)
    throw new IsoflopError(
      'BAD_OPTION',
      `--api trains the course's models alone, not those of the space ${space.name}.`,
      'Leave --space out, try the space on a simulated world (--world seed:7), or let a program of yours train (--run): docs/cluster.md.',
    )
  if (api === undefined && world === undefined && space.name !== apiSpace.name)
    throw new IsoflopError(
      'BAD_OPTION',
      `Nobody is named who trains models of the space ${space.name}.`,
      'Try it on a simulated world first: --world seed:7. Then let a program of yours train (--run): docs/cluster.md.',
    )
  if (api === undefined) return openWorldTrainer(world ?? 'cs336', space, target)
  const key = await givenApiKey(flags, process.env.ISOFLOP_API_KEY)
  return { trainer: apiTrainer(api, key, parallel), truthAt: null, trueLoss: null }
}

async function openWorldTrainer(name: string, space: Space, target: number): Promise<OpenedTrainer> {
  const { openWorld } = await import('../world/worlds.ts')
  const world = await openWorld(name, space)
  return {
    trainer: worldTrainer(world),
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

/** Says of a campaign that ended too early for a prediction what became of its runs. */
const explained =
  ({ out }: CampaignFlags) =>
  (error: unknown): never => {
    if (!(error instanceof IsoflopError) || error.code !== 'TOO_FEW_RUNS') throw error
    const kept = `What was bought is kept in ${out}: the same command goes on with it`
    const other = `one of another budget takes it along by --runs ${join(out, 'campaign.jsonl')} and an --out of its own`
    const advice = `${error.advice} ${kept}, ${other}.`
    throw new IsoflopError(error.code, error.message, advice.trim(), { cause: error })
  }

// What is printed

interface StandingProgress {
  show(standing: Standing): void
  /** Clears the line. */
  done(): void
}

/** How often a line is written over that says how far runs are, ms. */
const redrawMs = 1000

/** One line that is written over on a terminal, every second where runs go on; elsewhere a line a round. */
function standingProgress(
  stream: NodeJS.WriteStream,
  about: Surroundings,
  language: Language = 'en',
  running: () => readonly RunningRun[] = () => [],
): StandingProgress {
  let view: CampaignView | null = null
  let isShown = false
  const lineOf = (shown: CampaignView) => printable(inLanguage(language, () => standingLine(shown)))
  const draw = () => {
    if (view === null) return
    stream.write(`\r\x1b[K${cutTo(`${lineOf(view)}${runningText(running())}`, (stream.columns ?? usualWidth) - 1)}`)
    isShown = true
  }
  const timer = takesEscapes(stream) ? setInterval(draw, redrawMs) : undefined
  return {
    show(standing) {
      const rounds = view?.rounds.length
      view = viewOfStanding(standing, about)
      if (takesEscapes(stream)) draw()
      else if (view.rounds.length !== rounds) stream.write(`${lineOf(view)}\n`)
    },
    done() {
      clearInterval(timer)
      if (isShown) stream.write('\r\x1b[K')
      isShown = false
    },
  }
}

async function printPlan(
  options: Omit<CampaignOptions<Config>, 'trainer'>,
  { json, lang }: CampaignFlags,
): Promise<void> {
  const plan = firstPlan(options)
  const { space = apiSpace, budget = space.budget } = options
  const [{ planText }, { planJson }] = await Promise.all([
    import('../report/campaign/text.ts'),
    import('../report/campaign/json.ts'),
  ])
  if (json) printJson(planJson(plan, viewedSpace(space)))
  else print(planText(plan, budget, space, textOptions(lang)))
}

async function printCampaign(view: EndedView, flags: CampaignFlags, files: readonly string[]): Promise<void> {
  const [{ campaignText }, { campaignJson }] = await Promise.all([
    import('../report/campaign/text.ts'),
    import('../report/campaign/json.ts'),
  ])
  if (flags.json) return printJson(campaignJson(view))
  printPage(campaignText(view, textOptions(flags.lang)))
  printWritten(files)
}
