import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { IsoflopError } from '../core/errors.ts'

const execute = promisify(execFile)

/** A job in the queue: waiting, running or ending. */
export interface QueuedJob {
  readonly id: string
  readonly name: string
  /** Why it does not run, in Slurm's words: `JobHeldUser`; `None` where it does. */
  readonly reason: string
}

/** How long a command of Slurm may take, ms: a busy controller answers after its own time-outs of 10 s and more. */
const timeoutMs = 60_000

/** Slurm did not answer; whether what was asked was done is not known. */
export class Unreachable extends Error {}

/** What sbatch says when the controller, the network or the credentials' daemon is away for a while; all else is a refusal. */
const passing =
  /unable to contact|timed? ?out|connection|connected|communication|temporarily|try again|munge|slow down|zero bytes|socket|network|standby|broken pipe|no route|credential/i
/** What is wrong for ever with a command that only asks or cancels; all else passes, whatever words a Slurm has for it. */
const lasting = /unrecognized option|invalid option|ENOENT|EACCES/
/** A job that is forgotten, after MinJobAge: 5 minutes by default. */
const unknownJob = /invalid job id/i

/** All jobs of this user that have not ended, asked for once for whoever waits. Throws Unreachable. */
export async function queuedJobs(): Promise<readonly QueuedJob[]> {
  const text = await slurm('squeue', ['--noheader', '--me', '--format=%i|%j|%r'])
  return text
    .split('\n')
    .map((line) => line.trim().split('|'))
    .filter(([id, name]) => id !== '' && name !== undefined)
    .map(([id, name, reason = '']) => ({ id, name, reason }))
}

/** Hands a script to Slurm; gives the job's number. Errors: RUN_FAILED where Slurm refuses it. Throws Unreachable. */
export async function submit(
  script: string,
  options: { readonly name: string; readonly log: string },
): Promise<string> {
  const args = ['--parsable', `--job-name=${options.name}`, `--output=${options.log}`, '--open-mode=append', script]
  const [id] = (await slurm('sbatch', args)).trim().split(';')
  if (/^\d+$/.test(id)) return id
  throw refused('sbatch', `it answered ${JSON.stringify(id.slice(0, 80))}, expected the number of a job`)
}

/** How jobs are ended: by SIGTERM, and SIGKILL after the time that Slurm is set to give, or by SIGKILL at once. */
export type Manner = 'leisure' | 'once'

/** Ends jobs; nothing happens to those that have ended. Errors: RUN_FAILED. Throws Unreachable. */
export async function cancelAll(ids: readonly string[], manner: Manner): Promise<void> {
  await slurm('scancel', ['--quiet', ...(manner === 'once' ? ['--signal=KILL', '--full'] : []), ...ids])
}

/** What Slurm says of a job: `TIMEOUT`, `NODE_FAIL`, `PENDING`; null where it has forgotten it. Throws Unreachable. */
export async function stateOf(id: string): Promise<string | null> {
  try {
    const text = await slurm('scontrol', ['show', 'job', id, '--oneliner'])
    return /\bJobState=([A-Z_]+)/.exec(text)?.[1] ?? null
  } catch (error) {
    if (error instanceof IsoflopError && unknownJob.test(error.message)) return null
    throw error
  }
}

/** Commands at once: a thousand jobs that are submitted in one moment are no thousand processes of a login node that others use. */
const mostAtOnce = 8
let free = mostAtOnce
const waiting: (() => void)[] = []

/** What a command of Slurm printed. Errors: RUN_FAILED. Throws Unreachable. */
async function slurm(command: string, args: readonly string[]): Promise<string> {
  if (free === 0) await new Promise<void>((resolve) => waiting.push(resolve))
  else free--
  try {
    return await answered(command, args)
  } finally {
    const next = waiting.shift()
    if (next) next()
    else free++
  }
}

async function answered(command: string, args: readonly string[]): Promise<string> {
  try {
    const { stdout } = await execute(command, args, { timeout: timeoutMs, maxBuffer: 64 << 20 })
    return stdout
  } catch (cause) {
    const { stderr = '', killed = false, message } = cause as Error & { stderr?: string; killed?: boolean }
    const said = (stderr || message).trim()
    const isPassing =
      command === 'sbatch' ? passing.test(said) : !lasting.test(`${said} ${message}`) && !unknownJob.test(said)
    if (killed || isPassing) throw new Unreachable(`${command} got no answer: ${said.split('\n').pop()}`)
    throw refused(command, said)
  }
}

const refused = (command: string, said: string): IsoflopError =>
  new IsoflopError(
    'RUN_FAILED',
    `${command} failed: ${said}`,
    'See that Slurm is there and takes the options of --slurm; the same command then goes on.',
  )
