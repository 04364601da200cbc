import { quoted } from './template.ts'

export interface ScriptOptions {
  /** Of sbatch, as people write them on a line of their own. */
  readonly slurm: string
  /** For the shell. */
  readonly command: string
  readonly environment: Readonly<Record<string, string>>
  /** Where the campaign was begun. */
  readonly cwd: string
  /** The status that the program ends with is left there. */
  readonly exit: string
  /** What the program leaves when it is done. */
  readonly result: string
}

/**
 * The script of a job. It passes SIGTERM on to the program and waits for it, so that a program that saves a checkpoint when it gets `--signal=B:TERM@60` or is
 * cancelled has the time that Slurm gives; that it got one is left beside the status. A job that is put back into the queue leaves no status of its first part,
 * and does nothing where that has left a result: a controller that was killed and lost what it knew begins jobs again that have ended.
 *
 * `B:` signals the script alone: all that the command has started gets it by its group. The shell of the command ends when what it waits for has, and
 * begins nothing more: one that ended before would leave a program to itself that still saves.
 */
export const batchScript = ({ slurm, command, environment, cwd, exit, result }: ScriptOptions): string => `#!/bin/sh
${slurm.trim() === '' ? '' : `#SBATCH ${slurm.trim()}\n`}cd ${quoted(cwd)} || exit 1
${Object.entries(environment)
  .map(([name, value]) => `export ${name}=${quoted(value)}`)
  .join('\n')}
test -e ${quoted(result)} && exit 0
rm -f ${quoted(exit)}
setsid sh -c ${quoted(`trap 'exit 143' TERM\n${command}`)} </dev/null &
program=$!
signalled=
trap 'signalled=" SIGTERM"; kill -s TERM -- "-$program" 2>/dev/null || kill -s TERM "$program" 2>/dev/null' TERM
wait "$program"
status=$?
while kill -0 "$program" 2>/dev/null; do
  wait "$program"
  status=$?
done
printf '%s%s\\n' "$status" "$signalled" >${quoted(exit)}
exit "$status"
`
