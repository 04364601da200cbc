import { readdirSync, readFileSync } from 'node:fs'
import { hostname } from 'node:os'

/** A process: on which machine, its number, and, where the system tells, when it started, because numbers come again. */
export interface ProcessName {
  readonly host: string
  readonly pid: number
  readonly started: string | null
}

export const processName = (pid: number): ProcessName => ({
  host: hostname(),
  pid,
  started: statOf(pid)?.started ?? null,
})

/** Whether a process of this machine is there and has not ended. */
export function isThere({ pid, started }: ProcessName): boolean {
  const stat = statOf(pid)
  if (stat !== null) return stat.started === started && !stat.hasEnded
  return started === null && answers(pid)
}

/**
 * Whether the group that a process of this machine began has a member that has not ended. A number is not given to a new process while a
 * group has it: where its leader is gone and others are there, they are of that group, or of one that came and lost its leader since.
 */
export function hasGroup(leader: ProcessName): boolean {
  const stat = statOf(leader.pid)
  if (stat !== null && stat.started !== leader.started) return false
  if (!answers(-leader.pid)) return false
  const pids = processes()
  return pids === null || pids.map(statOf).some((one) => one?.group === leader.pid && !one.hasEnded)
}

/** Where the system shows processes as files: group, start, and whether one only waits for its parent to look at its end. */
function statOf(pid: number): { group: number; started: string; hasEnded: boolean } | null {
  try {
    // Behind the name, which may have blanks: state, parent, group; the start is the 22nd field of the whole.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').pop()!.split(' ')
    return { group: Number(fields[2]), started: fields[19], hasEnded: fields[0] === 'Z' || fields[0] === 'X' }
  } catch {
    return null
  }
}

function processes(): number[] | null {
  try {
    return readdirSync('/proc').map(Number).filter(Number.isInteger)
  } catch {
    return null
  }
}

function answers(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
