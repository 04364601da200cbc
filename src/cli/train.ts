import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { systemClock } from '../core/clock.ts'
import { IsoflopError } from '../core/errors.ts'
import { type Corpus, openCorpus } from '../corpus/corpus.ts'
import { vocabularySize as vocabularyOfRecipe } from '../cs336/limits.ts'
import { type Accounting, accountings } from '../cs336/parameters.ts'
import { type Device, devices } from '../gpt/engine.ts'
import { departures, type Recipe, recipeOf } from '../gpt/recipe.ts'
import type { TrainingRecord } from '../gpt/record.ts'
import { run } from '../gpt/run.ts'
import { recordFile } from '../gpt/run-folder.ts'
import type { Speed, StepReport } from '../gpt/train.ts'
import { compact, nats, significant } from '../report/number.ts'
import { given } from './command-line.ts'
import { examples } from './help.ts'
import { listenForSignals } from './interruption.ts'
import { after } from './next.ts'
import { budget, nameOf, positive, wholeNumber } from './options.ts'
import { writeOutput } from './output.ts'
import { print, printJson, printNext, say } from './print.ts'
import { duration, progressLine } from './progress.ts'

interface TrainFlags {
  readonly corpus: string
  readonly dModel: number
  readonly numLayers: number
  readonly numHeads: number
  readonly batchSize: number
  readonly learningRate: number
  readonly trainFlops?: number
  readonly steps?: number
  readonly seed: number
  readonly vocabSize?: number
  readonly accounting: Accounting
  readonly device: Device
  readonly threads: number
  readonly out: string
  readonly resume?: boolean
  readonly json?: boolean
}

/** `isoflop train`. */
export function trainCommand(): Command {
  const whole = (name: string, example: number) => wholeNumber(name, 1, `a whole number such as ${example}`)
  return new Command('train')
    .summary("train the assignment's Transformer for real, on this machine")
    .description(
      "Trains one model with the assignment's recipe (AdamW, cosine, dropout 0.1, context 512) on a corpus from\n" +
        '"isoflop corpus prepare", and says what loss it reached. DIR keeps checkpoints and a record that\n' +
        '"isoflop fit" reads: after Ctrl-C or a crash, the same command with --resume goes on.',
    )
    .optionsGroup('What is trained:')
    .requiredOption('--corpus <DIR>', 'a corpus from "isoflop corpus prepare"')
    .option('--d-model <N>', 'width', whole('--d-model', 128), 128)
    .option('--num-layers <N>', 'layers', whole('--num-layers', 4), 4)
    .option('--num-heads <N>', 'heads; they divide the width', whole('--num-heads', 4), 4)
    .option('--batch-size <N>', 'sequences of 512 tokens in a step', whole('--batch-size', 128), 128)
    .option(
      '--learning-rate <R>',
      'peak of the cosine',
      positive('--learning-rate', 'a positive number such as 1e-3'),
      1e-3,
    )
    .option('--train-flops <C>', 'what to spend: it decides how many steps', budget('--train-flops'))
    .option('--steps <N>', 'instead: how many steps', whole('--steps', 100))
    .option('--seed <N>', 'of weights, order and dropout', wholeNumber('--seed', 0, 'a whole number such as 0'), 0)
    .option('--vocab-size <N>', "words that the model knows (default: the corpus's)", whole('--vocab-size', 32000))
    .option(
      '--accounting <NAME>',
      'what counts as N in C = 6ND: api (one embedding matrix included) or non-embedding',
      nameOf('--accounting', accountings),
      'api',
    )
    .optionsGroup('Where it runs and what it keeps:')
    .option('--device <NAME>', devices.join(', '), nameOf('--device', devices), 'cpu')
    .option('--threads <N>', 'threads of the CPU', whole('--threads', 2), availableParallelism())
    .option('--out <DIR>', 'where the run is kept', 'run')
    .option('--resume', 'go on with the run in DIR')
    .option('--json', 'print the record as JSON')
    .addHelpText(
      'after',
      examples(
        'isoflop train --corpus corpus --d-model 128 --num-layers 4 --train-flops 1e14',
        'isoflop train --corpus corpus --d-model 64 --num-layers 2 --batch-size 4 --learning-rate 3e-3 --steps 100',
      ),
    )
    .action(runTrain)
}

async function runTrain(flags: TrainFlags): Promise<void> {
  const corpus = await openCorpus(flags.corpus)
  try {
    const recipe = recipeOf(requestOf(flags, corpus))
    for (const line of warnings(recipe)) say(line)
    const interruption = listenForSignals('ending after a checkpoint')
    const line = trainProgress(recipe)
    const outcome = await run({
      recipe,
      corpus,
      folder: flags.out,
      resume: flags.resume === true,
      device: flags.device,
      threads: flags.threads,
      clock: systemClock,
      signal: interruption.signal,
      onStart: ({ name, note }) => line.begin(name, note),
      onStep: line.step,
      onDamage: ({ message, advice }) => say(`${message} ${advice}`),
    }).finally(() => {
      line.done()
      interruption.end()
    })
    if (outcome.kind === 'interrupted') return goOnLater(outcome.step, recipe, flags)
    await writeResult(flags.out, outcome.record)
    if (flags.json) printJson(outcome.record)
    else {
      printRecord(outcome.record, flags.out)
      printNext(after.train(flags.out))
    }
    if (outcome.record.outcome === 'diverged') throw diverged(outcome.record)
  } finally {
    corpus.close()
  }
}

function requestOf(flags: TrainFlags, corpus: Corpus) {
  const { dModel, numLayers, numHeads, batchSize, learningRate, trainFlops, steps, seed, accounting } = flags
  if ((trainFlops === undefined) === (steps === undefined))
    throw new IsoflopError(
      'BAD_OPTION',
      `Either --train-flops or --steps says how long to train, got ${steps === undefined ? 'neither' : 'both'}.`,
      'For example: --train-flops 1e13',
    )
  return {
    config: { dModel, numLayers, numHeads, batchSize, learningRate, trainFlops: trainFlops ?? 0 },
    steps: steps ?? null,
    seed,
    vocabularySize: flags.vocabSize ?? corpus.vocabularySize,
    accounting,
  }
}

/** What people should know before it begins. */
function warnings(recipe: Recipe): string[] {
  const found = departures(recipe, vocabularyOfRecipe)
  return found.length > 0 ? [`note: this leaves the assignment's recipe: ${found.join('; ')}`] : []
}

/** How often a line is written where there is no terminal to draw on, ms. */
const loggedEveryMs = 30_000

/** `step 120 of 2,000, loss 4.213, 8,210 tokens/s (64 % of GEMM peak), 3 min left`. */
function trainProgress({ steps }: Recipe) {
  const shown = progressLine(process.stderr, false, (text) => text)
  let logged = systemClock.now()
  return {
    begin(engine: string, note: string | null) {
      say(note === null ? engine : `${engine}\nnote: ${note}`)
    },
    step({ step, loss }: StepReport, { tokensPerSecond, gemmFraction, secondsLeft }: Speed) {
      const speed = `${Math.round(tokensPerSecond)} tokens/s (${Math.round(100 * gemmFraction)} % of GEMM peak)`
      const text = `step ${step} of ${steps}, loss ${nats(loss)}, ${speed}, ${duration(secondsLeft)} left`
      shown.step(text)
      if (process.stderr.isTTY || systemClock.now() - logged < loggedEveryMs) return
      logged = systemClock.now()
      say(text)
    },
    done: () => shown.done(),
  }
}

function goOnLater(step: number, { steps }: Recipe, { json }: TrainFlags): void {
  say(`stopped after step ${step} of ${steps}; the same command with --resume goes on`)
  if (!json) printNext(after['train, interrupted'](given()))
}

function printRecord(
  { config, loss, tokens, steps, parameters, trainFlops, speed, corpus }: TrainingRecord,
  out: string,
) {
  const rows = [
    [
      'model',
      `${config.d_model} wide, ${config.num_layers} layers, ${config.num_heads} heads; N = ${significant(parameters)}`,
    ],
    [
      'trained',
      `${compact(trainFlops)} FLOPs: ${steps} steps, D = ${significant(tokens)} tokens, ${significant(corpus.passes)} passes`,
    ],
    ['loss', `${nats(loss.validation ?? Number.NaN)} validation, ${nats(loss.last ?? Number.NaN)} last step`],
    ['', `${nats(loss.average ?? Number.NaN)} running average, which the training API reports`],
    [
      'speed',
      speed === null
        ? '-'
        : `${Math.round(speed.tokensPerSecond)} tokens/s, ${Math.round(100 * speed.gemmFraction)} % of GEMM peak`,
    ],
    ['record', recordFile(out)],
  ]
  for (const [name, text] of rows) print(`${name.padEnd(9)}${text}`)
}

/** Says what came of it as `isoflop campaign --run` expects it of any program. Errors: OUTPUT_FAILED. */
function writeResult(out: string, { loss, tokens }: TrainingRecord): Promise<void> {
  const result = loss.validation === null ? { diverged: true } : { loss: loss.validation, tokens }
  return writeOutput(join(out, 'result.json'), `${JSON.stringify(result)}\n`)
}

const diverged = ({ divergedAt, config }: TrainingRecord): IsoflopError =>
  new IsoflopError(
    'TRAINING_DIVERGED',
    `The run diverged in step ${divergedAt}: its loss is no number.`,
    `Try a smaller --learning-rate than ${config.learning_rate}.`,
  )
