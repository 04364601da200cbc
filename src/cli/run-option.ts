import type { Command } from 'commander'
import { IsoflopError } from '../core/errors.ts'
import type { Ending, FolderTrainer, RunEvent } from '../launch/folder-trainer.ts'
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
  /** Options of sbatch; empty for none. */
  readonly slurm?: string
  readonly filePatience?: number
  readonly detach?: boolean
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
    .option('--slurm <OPTIONS>', "with --run: as jobs of Slurm, such as --slurm '--gres gpu:1 --time 4:00:00'")
    .option(
      '--file-patience <TIME>',
      'with --slurm: how long after its job a result may be seen late (default: 300s)',
      timeSpan('--file-patience'),
    )
    .option('--detach', 'with --slurm: submit what is planned, and return; the same command later goes on')
    .addHelpText(
      'after',
      notes(
        "A program (--run) is a command for the shell. {d_model}, {batch_size}, {tokens}, {steps}, {folder} and every other field of the space's " +
          'runs stand for their values, which are in the environment, too (ISOFLOP_D_MODEL). It leaves result.json in {folder}, {"loss": 3.21} or ' +
          '{"diverged": true}, written under another name and renamed.',
        "isoflop campaign --space space.json --run 'python train.py --out {folder}' --parallel 8",
        "isoflop campaign --space space.json --run 'python train.py --out {folder}' --parallel 50 --slurm '--gres gpu:1'",
      ),
    )

/** The trainer of `--run`. Errors: BAD_OPTION, SPACE_INVALID, RECORD_DAMAGED. */
export async function openRunTrainer(
  flags: RunFlags,
  out: string,
  space: Space,
  ending: Ending,
): Promise<FolderTrainer> {
  const { run = '', parallel, retries, timeLimit, slurm, filePatience, detach } = flags
  const options = {
    ...{ command: run, folder: out, space, ending, onEvent: (event: RunEvent) => say(eventText(event)) },
    ...(parallel !== undefined && { parallel }),
    ...(retries !== undefined && { retries }),
  }
  if (slurm === undefined) {
    const { commandTrainer } = await import('../launch/command-trainer.ts')
    return commandTrainer({ ...options, timeLimitMs: timeLimit ?? null })
  }
  const { slurmTrainer } = await import('../launch/slurm-trainer.ts')
  return slurmTrainer({
    ...options,
    slurm,
    isDetached: detach === true,
    ...(filePatience !== undefined && { filePatienceMs: filePatience }),
  })
}

/** Refuses options that need a program, or Slurm. Errors: BAD_OPTION. */
export function refuseWithoutRun({ run, retries, timeLimit, slurm, filePatience, detach }: RunFlags): void {
  const needsRun = { '--retries': retries, '--time-limit': timeLimit, '--slurm': slurm }
  const needsSlurm = { '--file-patience': filePatience, '--detach': detach }
  for (const [needed, isThere, options] of [
    ['--run', run !== undefined, needsRun],
    ['--slurm', slurm !== undefined, needsSlurm],
  ] as const)
    for (const [name, value] of Object.entries(options))
      if (value !== undefined && !isThere)
        throw new IsoflopError('BAD_OPTION', `${name} came without ${needed}.`, `Leave ${name} out, or give ${needed}.`)
  if (slurm !== undefined && timeLimit !== undefined)
    throw new IsoflopError(
      'BAD_OPTION',
      '--time-limit came with --slurm, which limits jobs itself.',
      "Put it into the options of Slurm: --slurm '--time 4:00:00'",
    )
  if (slurm !== undefined && /[\n\r\0]/.test(slurm))
    throw new IsoflopError(
      'BAD_OPTION',
      '--slurm has several lines, expected options of sbatch on one.',
      "For example: --slurm '--time 4:00:00'",
    )
}

function eventText(event: RunEvent): string {
  switch (event.kind) {
    case 'found':
      return `${event.folder} still runs: waiting for it`
    case 'failed':
      return `${event.folder} failed: ${event.reason}${event.left > 0 ? '; trying again' : ''}`
    case 'saved':
      return `${event.folder} saved what it has, ${Math.floor(100 * event.share)} %, before its time was over: going on`
    case 'lost':
      return `${event.folder} is lost: ${event.message}`
    case 'held':
      return `${event.folder} waits: Slurm holds its job (${event.reason}); scontrol release ${event.job} lets it begin, scancel ${event.job} has it submitted again`
    case 'unreachable':
      return `${event.message}; waiting for it`
    case 'stopped':
      return 'the program always fails: beginning no more runs, and waiting for those that run'
  }
}
