// Ends this process with the one that started it, where that one passes no signals on: npx ends the shell between it and the
// command, and leaves the command running on its port. Plain JavaScript, because an older Node has to be able to read it.
import { readFileSync } from 'node:fs'

/** How often to look, ms. */
const every = 500

/** The variable that says which process runs this one for the sake of its Node: see node24.js. */
export const launcherVariable = 'ISOFLOP_LAUNCHER'

/**
 * Sends this process SIGTERM when npx, or the older Node that runs it, has ended; a command then stops as it does for any SIGTERM.
 * Whoever starts isoflop in another way decides when it ends: it outlives a shell that is closed, and a script of npm that leaves it behind.
 */
export function endWithParent() {
  const end = () => process.kill(process.pid, 'SIGTERM')
  if (process.env[launcherVariable] === String(process.ppid) && process.connected) {
    process.once('disconnect', end)
    process.channel?.unref()
  } else if (process.env.npm_command === 'exec') {
    const before = String(ancestors())
    const timer = setInterval(() => {
      if (String(ancestors()) === before) return
      clearInterval(timer)
      end()
    }, every)
    timer.unref()
  }
}

/** The parent, and its parents as far as there are only shells in between: npx starts one that may outlive it. */
function ancestors() {
  const pids = [process.ppid]
  for (;;) {
    const { name, parent } = look(pids[pids.length - 1])
    if (!/^(ba|da|z|k)?sh$/.test(name) || parent <= 1) return pids
    pids.push(parent)
  }
}

/** A process's name and parent where the system shows them as files; elsewhere no name. */
function look(pid) {
  try {
    const [, name, , parent] = /^\d+ \((.*)\) (\S) (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? []
    return { name: name ?? '', parent: Number(parent) }
  } catch {
    return { name: '', parent: 0 }
  }
}
