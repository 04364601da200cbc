import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { IsoflopError } from '../core/errors.ts'
import { hasGroup, isThere, type ProcessName, processName } from '../core/processes.ts'

export interface ProgramOptions {
  /** For the shell. */
  readonly command: string
  /** Beside what this process has. */
  readonly environment: Readonly<Record<string, string>>
  /** Its output is appended there. */
  readonly log: string
  /** The status that it ends with is left there. */
  readonly exit: string
  /** Whether it ends when this process does, however that ends. */
  readonly isLeashed?: boolean
  /** Told which process it is before it begins. Where this process ends before that, it never does. */
  readonly onProcess: (process: ProcessName) => void
}

/**
 * Waits for the word to begin, which whoever started it gives once it is on record that it runs: without a word it ends. It outlives SIGTERM, which
 * the program in it gets too and may need time for, in order to leave the status that the program ended with: a line, which counts once it ends.
 */
const shell = `read -r word || exit 0
trap : TERM INT HUP
sh -c "$1" </dev/null
status=$?
printf '%s\\n' "$status" >"$2"
exit "$status"`

/**
 * The same, for a program that must not outlive who started it: the pipe that gave the word closes when that process ends, even by kill -9. The group
 * then gets SIGTERM, as when it is told to end, and SIGKILL a minute later. Short rests, so that nothing of the group is left when the program has ended.
 */
const leashed = `read -r word || exit 0
trap : TERM INT HUP
exec 3<&0
( read -r word <&3; trap : TERM; kill -s TERM -- -$$
  rests=0; while [ "$rests" -lt 60 ]; do sleep 1; rests=$((rests + 1)); done
  kill -s KILL -- -$$ ) </dev/null >/dev/null 2>&1 &
leash=$!
sh -c "$1" </dev/null 3<&-
status=$?
kill -s KILL "$leash" 2>/dev/null
printf '%s\\n' "$status" >"$2.new" && mv -f "$2.new" "$2"
exit "$status"`

/** What npx says of itself: an isoflop that the command starts is not npx's, and must not end with this one. */
const ofNpx = ['npm_command', 'ISOFLOP_LAUNCHER'] as const

/**
 * Starts a program in a group of its own, which outlives this process where it is not leashed.
 * @returns a promise of its end, as far as this process sees it.
 * @throws IsoflopError RUN_FAILED where there is no shell or no process more, and what `onProcess` throws.
 */
export async function startProgram(options: ProgramOptions): Promise<{ ended: Promise<unknown> }> {
  const child = spawned(options)
  try {
    await once(child, 'spawn')
  } catch (cause) {
    throw cannotStart(cause)
  }
  const ended = once(child, 'exit')
  // One that ends at once closes its end before it is told to begin.
  child.stdin?.on('error', () => {})
  try {
    options.onProcess(processName(child.pid!))
  } catch (error) {
    child.stdin?.end()
    throw error
  }
  if (options.isLeashed) child.stdin?.write('go\n')
  else child.stdin?.end('go\n')
  return { ended }
}

function spawned({ command, environment, log, exit, isLeashed = false }: ProgramOptions): ChildProcess {
  const env: Record<string, string | undefined> = { ...process.env, ...environment }
  for (const name of ofNpx) delete env[name]
  let output: number | null = null
  try {
    output = openSync(log, 'a')
    return spawn('sh', ['-c', isLeashed ? leashed : shell, 'isoflop', command, exit], {
      env,
      detached: true,
      stdio: ['pipe', output, output],
    })
  } catch (cause) {
    throw cannotStart(cause)
  } finally {
    if (output !== null) closeSync(output)
  }
}

const cannotStart = (cause: unknown): IsoflopError =>
  new IsoflopError(
    'RUN_FAILED',
    `A program could not be started: ${(cause as Error).message}.`,
    'A POSIX shell is needed, and room for one process more; then the same command goes on.',
    { cause },
  )

/** Whether anything of a program runs. */
export const isRunning = (leader: ProcessName): boolean => isThere(leader) || hasGroup(leader)

/** Sends a signal to all of a program; nothing where it has ended. */
export function signalProgram({ pid }: ProcessName, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch {
    // it has ended
  }
}
