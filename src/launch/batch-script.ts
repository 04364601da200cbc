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
}

/**
 * The script of a job. It passes SIGTERM on to the program and waits for it, so that a program that saves a checkpoint when it gets `--signal=B:TERM@60` or is
 * cancelled has the time that Slurm gives. A job that is put back into the queue leaves no status of its first part.
 */
export const batchScript = ({ slurm, command, environment, cwd, exit }: ScriptOptions): string => `#!/bin/sh
${slurm.trim() === '' ? '' : `#SBATCH ${slurm.trim()}\n`}cd ${quoted(cwd)} || exit 1
${Object.entries(environment)
  .map(([name, value]) => `export ${name}=${quoted(value)}`)
  .join('\n')}
rm -f ${quoted(exit)}
sh -c ${quoted(command)} </dev/null &
program=$!
trap 'kill -TERM "$program" 2>/dev/null' TERM
wait "$program"
status=$?
while kill -0 "$program" 2>/dev/null; do
  wait "$program"
  status=$?
done
printf '%s\\n' "$status" >${quoted(`${exit}.new`)} && mv -f ${quoted(`${exit}.new`)} ${quoted(exit)}
exit "$status"
`
