import type { Command } from 'commander'
import { IsoflopError } from '../core/errors.ts'
import { printable } from '../core/printable.ts'
import type { CommandTrainer, RunEvent, RunningRun } from '../launch/command-trainer.ts'
import { nats } from '../report/number.ts'
import type { Space } from '../space/space.ts'
import { notes } from './help.ts'
import { timeSpan, wholeNumber } from './options.ts'
import { say } from './print.ts'

/** Options of a campaign whose runs a program of one's own makes. */
export interface RunFlags {
  readonly run?: string
  readonly parallel?: number
  readonly retries?: number
  readonly timeLimit?: number
}

/** Adds the options of `--run` to `isoflop campaign`. */
export const withRunOptions = (command: Command): Command =>
  command
    .optionsGroup('A program that makes the runs:')
    .option('--run <CMD>', 'a program of yours that makes each run: see below and docs/cluster.md')
    .option(
      '--retries <N>',
      'with --run: how often a run that failed is tried again (default: 1)',
      wholeNumber('--retries', 0, 'a whole number such as 2'),
    )
    .option(
      '--time-limit <TIME>',
      'with --run: how long a run may take, such as 90s, 30m, 4h',
      timeSpan('--time-limit'),
    )
    .addHelpText(
      'after',
      notes(
        "A program (--run) is a command for the shell. {d_model}, {batch_size}, {tokens}, {steps}, {folder} and every other field of the space's " +
          'runs stand for their values, which are in the environment, too (ISOFLOP_D_MODEL). It leaves result.json in {folder}, {"loss": 3.21} or ' +
          '{"diverged": true}, written under another name and renamed.',
        "isoflop campaign --space space.json --run 'python train.py --out {folder}' --parallel 8",
      ),
    )

/** The trainer of `--run`. Errors: BAD_OPTION, SPACE_INVALID, RECORD_DAMAGED. */
export async function openRunTrainer(
  { run = '', parallel, retries, timeLimit }: RunFlags,
  out: string,
  space: Space,
): Promise<CommandTrainer> {
  const { commandTrainer } = await import('../launch/command-trainer.ts')
  return commandTrainer({
    ...{ command: run, folder: out, space, timeLimitMs: timeLimit ?? null },
    ...(parallel !== undefined && { parallel }),
    ...(retries !== undefined && { retries }),
    onEvent: (event) => say(eventText(event)),
  })
}

/** Refuses options that need a program. Errors: BAD_OPTION. */
export function refuseWithoutRun(flags: RunFlags): void {
  for (const [name, value] of [
    ['--retries', flags.retries],
    ['--time-limit', flags.timeLimit],
  ] as const)
    if (value !== undefined && flags.run === undefined)
      throw new IsoflopError('BAD_OPTION', `${name} came without --run.`, `Leave ${name} out, or name a program.`)
}

function eventText(event: RunEvent): string {
  switch (event.kind) {
    case 'found':
      return `${event.folder} still runs: waiting for it`
    case 'failed':
      return `${event.folder} failed: ${event.reason}${event.left > 0 ? '; trying again' : ''}`
    case 'lost':
      return `${event.folder} is lost: ${event.message}`
    case 'stopped':
      return 'the program always fails: beginning no more runs, and waiting for those that run'
  }
}

/** How far each run is, for the end of a line: `2 run: 45 % at 4.213, -`; empty where none runs. */
export function runningText(running: readonly RunningRun[]): string {
  if (running.length === 0) return ''
  const each = running.map(({ share, loss }) => {
    const parts = [share === null ? '' : `${Math.floor(100 * share)} %`, loss === null ? '' : nats(loss)]
    return parts.filter((part) => part !== '').join(' at ') || '-'
  })
  return printable(`; ${running.length} ${running.length === 1 ? 'runs' : 'run'}: ${each.join(', ')}`)
}
