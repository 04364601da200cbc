import { join } from 'node:path'
import { Command } from 'commander'
import { type CampaignOptions, firstPlan } from '../campaign/campaign.ts'
import { campaignInFolder, givenInFolder } from '../campaign/in-folder.ts'
import { ownRuns } from '../campaign/own-runs.ts'
import { type EndedView, viewedSpace } from '../campaign/view.ts'
import type { Config } from '../core/config.ts'
import { IsoflopError } from '../core/errors.ts'
import { apiSpace, cs336Space } from '../cs336/space.ts'
import { type StrategyName, strategyNamed, strategyNames } from '../plan/strategies.ts'
import { submissionOf } from '../report/campaign/submission.ts'
import { inLanguage, type Language, languages, words } from '../report/words/words.ts'
import type { Space } from '../space/space.ts'
import { exercise, openTrainer, type TrainerFlags, usualWorld, worldNames } from './campaign-trainer.ts'
import { commandLine, given } from './command-line.ts'
import { examples } from './help.ts'
import { listenForSignals, Stages } from './interruption.ts'
import { openLivePage } from './live-page.ts'
import { after, type Next } from './next.ts'
import { noticeText } from './notices.ts'
import { openReport } from './open.ts'
import { budget, forceHelp, languageHelp, nameOf, wholeBudgets, wholeNumber } from './options.ts'
import { isPoolCampaign, type PoolFlags, runPool, withPoolOptions } from './pool.ts'
import {
  type Leading,
  print,
  printJson,
  printLeading,
  printNext,
  printPage,
  printWritten,
  say,
  sayLeading,
} from './print.ts'
import { withRunOptions } from './run-option.ts'
import { standingProgress } from './standing.ts'
import { withStudyCommands } from './study.ts'
import { checkSubmit, type Submit } from './submit.ts'
import { textOptions } from './terminal.ts'
import { refuseOtherResults, writeUp } from './write-up.ts'

interface CampaignFlags extends PoolFlags, TrainerFlags {
  readonly runs?: readonly string[]
  readonly strategy: StrategyName
  readonly space?: string
  readonly trainFlopsGrid?: readonly number[]
  readonly vocabSize?: number
  readonly submit?: boolean
  readonly force?: boolean
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
    .option('--world <NAME>', `a simulated world: ${worldNames} (default: ${usualWorld})`)
    .option('--truth', `also of ${exercise}, whose truth is the assignment's to find: say what is true`)
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
    .option('--submit', 'send the prediction to POST /submission of the API')
    .option('--force', forceHelp)
    .option('--dry-run', 'print the first plan, ask nothing')
    .option('--lang <LANGUAGE>', languageHelp, nameOf('--lang', languages))
    .option('--open', 'show it in the browser, live')
    .option('--json', 'print one JSON object instead of tables')
    .addHelpText(
      'after',
      examples(
        'isoflop campaign --world seed:7 --out out/seven',
        'isoflop campaign --space examples/spaces/llama.json --world seed:7 --out out/llama',
        'ISOFLOP_API_KEY=... isoflop campaign --api http://localhost:8000 --out out/assignment --submit',
      ),
    )
    .action((flags: CampaignFlags, own: Command) => (isPoolCampaign(own) ? runPool(flags) : runCampaign(flags)))
  return withStudyCommands(withPoolOptions(withRunOptions(command)))
}

const grid = wholeBudgets('--train-flops-grid')

async function runCampaign(flags: CampaignFlags): Promise<void> {
  const space = await openSpace(flags)
  const { budget = space.budget, target = space.target, seed } = flags
  if (flags.submit) checkSubmit(flags.api, target, space)
  const runs = await ownRuns(flags.runs ?? [], space)
  if (!flags.dryRun) refuseOtherResults(flags.out, flags)
  const stages = new Stages()
  const { trainer, truthAt, trueLoss, submit, running } = await openTrainer(flags, space, target, stages.ending)
  const strategy = await strategyNamed(flags.strategy)
  const options = {
    folder: flags.out,
    trainer,
    runs,
    budget,
    target,
    seed,
    strategy,
    space,
    replaces: flags.force === true,
  }
  if (flags.dryRun) return printPlan({ ...options, given: await givenInFolder(options) }, flags)

  const isShown = flags.open === true && (await openLivePage(flags.out, flags.lang))
  const { notices } = inLanguage(flags.lang ?? 'en', words)
  if (isUnsourced(flags)) say(notices.unsourced(usualWorld))
  const interruption =
    running && flags.run !== undefined
      ? stages.listen(() => running().length, notices, goOn(flags.lang))
      : listenForSignals(flags.api === undefined ? notices.ending : notices.leaving, notices.again)
  const task = { source: trainer.name, strategy: strategy.name, words: strategy.words, seed, budget, target }
  const line = standingProgress(process.stderr, { task, space }, flags.lang, running)
  try {
    const ended = await campaignInFolder({
      ...options,
      ...{ truthAt, trueLoss, command: commandLine(given()), isDetached: flags.detach === true },
      signal: interruption.signal,
      onNotice: (notice) => say(noticeText(notice, flags.lang)),
      onStanding: line.show,
    })
      .catch(isOut(flags))
      .catch(explained(flags, interruption.signal))
    line.done()
    if (ended === null) return sayLeading(goOn(flags.lang, 'jobsOut'))
    const { view, files } = ended
    const written = await writeUp(flags.out, view, flags.lang)
    await printCampaign(view, flags, [...files, ...written])
    await printClosing(view, { ...flags, open: flags.open === true && !isShown }, submit, interruption.signal)
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
  if (vocabSize !== undefined)
    throw new IsoflopError(
      'BAD_OPTION',
      '--vocab-size came with --space, whose file says that.',
      'Change the file, or leave the option out.',
    )
  const { spaceNamed } = await import('./space-option.ts')
  return spaceNamed(space, trainFlopsGrid)
}

/** With --detach a campaign may end before there is anything to predict: its jobs are out. */
const isOut =
  ({ detach }: CampaignFlags) =>
  (error: unknown): null => {
    if (detach && error instanceof IsoflopError && error.code === 'TOO_FEW_RUNS') return null
    throw error
  }

/** Says of a campaign that ended too early for a prediction what became of its runs. */
const explained =
  ({ out }: CampaignFlags, signal: AbortSignal) =>
  (error: unknown): never => {
    if (!(error instanceof IsoflopError) || error.code !== 'TOO_FEW_RUNS') throw error
    if (signal.aborted)
      throw new IsoflopError(error.code, `Interrupted: ${error.message}`, goOnText(), { cause: error })
    const kept = `What was bought is kept in ${out}: the same command goes on with it`
    const other = `one of another budget takes it along by --runs ${join(out, 'campaign.jsonl')} and an --out of its own`
    const advice = `${error.advice} ${kept}, ${other}.`
    throw new IsoflopError(error.code, error.message, advice.trim(), { cause: error })
  }

/** Whether there are runs of somebody's, and nothing is named that makes more of the kind: the usual world would. */
const isUnsourced = ({ runs, api, run, world }: CampaignFlags): boolean =>
  runs !== undefined && api === undefined && run === undefined && world === undefined

// What is printed

async function printPlan(options: Omit<CampaignOptions<Config>, 'trainer'>, flags: CampaignFlags): Promise<void> {
  const { json, lang } = flags
  const plan = firstPlan(options)
  const { space = apiSpace, budget = space.budget } = options
  const [{ planText }, { planJson }] = await Promise.all([
    import('../report/campaign/text.ts'),
    import('../report/campaign/json.ts'),
  ])
  if (json) printJson(planJson(plan, viewedSpace(space)))
  else {
    print(planText(plan, budget, space, textOptions(lang)))
    const { runs = [] } = flags
    const next = isUnsourced(flags) ? after['campaign --dry-run, of own runs']({ ...flags, runs }) : null
    printNext(next ?? after['campaign --dry-run'](given()), lang)
  }
}

async function printCampaign(view: EndedView, flags: CampaignFlags, files: readonly string[]): Promise<void> {
  const [{ campaignText }, { campaignJson }] = await Promise.all([
    import('../report/campaign/text.ts'),
    import('../report/campaign/json.ts'),
  ])
  if (flags.json) return printJson(campaignJson(view))
  printPage(campaignText(view, textOptions(flags.lang)))
  printWritten(files, flags.lang)
}

/** How an interrupted campaign goes on, behind what became of it. */
function goOn(language: Language = 'en', became?: 'interrupted' | 'jobsOut'): Leading {
  const { command } = inLanguage(language, words)
  return { lead: `${became === undefined ? '' : `${command[became]} `}${command.goOn} `, command: commandLine(given()) }
}

const goOnText = ({ lead, command } = goOn()): string => lead + command

/** What comes next, and what was asked for besides. */
async function printClosing(
  view: EndedView,
  flags: CampaignFlags,
  submit: Submit | null,
  { aborted: isInterrupted }: AbortSignal,
): Promise<void> {
  const tell = flags.json ? say : print
  const { command } = inLanguage(flags.lang ?? 'en', words)
  const lead = flags.json ? sayLeading : printLeading
  if (isInterrupted) return lead(goOn(flags.lang, 'interrupted'))
  if (flags.detach && view.result.stopped === 'interrupted') return lead(goOn(flags.lang, 'jobsOut'))
  if (flags.submit && submit !== null) {
    await submit(view)
    tell(`\n${command.submitted}`)
  }
  if (flags.open) await openReport(join(flags.out, 'report.html'), flags)
  if (!flags.json) printNext(nextOf(view, flags, submit), flags.lang)
}

/** What comes next behind a campaign that has ended. */
function nextOf(
  view: EndedView,
  { api, run, submit: isSubmitted, space, out }: CampaignFlags,
  submit: Submit | null,
): Next {
  if (submit !== null && submissionOf(view) !== null)
    return isSubmitted ? after['campaign, submitted']() : after['campaign, to submit'](given())
  if (api !== undefined || run !== undefined) return after['campaign, paid for'](given(), out, view.task.budget)
  return space === undefined ? after['campaign, simulated']() : after['campaign, of a space'](space, out)
}
