#!/usr/bin/env node
// Runs its arguments on Node 24: on the Node that is running when it is new enough, else on the one that `npm ci` put
// into node_modules. Plain JavaScript, because an older Node has to be able to read it.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { isatty } from 'node:tty'
import { fileURLToPath } from 'node:url'
import { launcherVariable } from './parent.js'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** Whether the Node that is running is new enough (24: it runs TypeScript and has SQLite). */
export const isNode24 = Number(process.versions.node.split('.')[0]) >= 24

/** The path of a Node 24: this process's own, or the one in node_modules; null when there is none. */
export function findNode24() {
  if (isNode24) return process.execPath
  const platform = process.platform === 'win32' ? 'win' : process.platform
  const executable = platform === 'win' ? 'node.exe' : 'node'
  const places = ['node', 'node-bin'].map((prefix) =>
    join(root, 'node_modules', `${prefix}-${platform}-${process.arch}`, 'bin', executable),
  )
  return places.find((path) => existsSync(path)) ?? null
}

/**
 * Runs Node 24 with these arguments, this terminal and this environment, passes signals on, and ends as it ends. A command that asks for
 * it (parent.js) ends with this process, also with kill -9, by the channel between them.
 */
export function runOnNode24(args) {
  const node = findNode24()
  if (node === null) {
    process.stderr.write(
      `error[NODE_TOO_OLD]: isoflop needs Node 24 or newer, this is ${process.version}.\n` +
        '  In a clone, "npm ci" brings one for Linux, macOS and Windows; elsewhere install it from nodejs.org.\n',
    )
    process.exit(2)
  }
  const child = spawn(node, args, {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, [launcherVariable]: String(process.pid) },
  })
  // Ctrl-C reaches the child by itself where they share a terminal: it decides when to end, so the parent waits.
  const hasTerminal = [0, 1, 2].some((descriptor) => isatty(descriptor))
  process.on('SIGINT', () => {
    if (!hasTerminal) child.kill('SIGINT')
  })
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  child.on('exit', (code, signal) => {
    if (signal) {
      process.removeAllListeners(signal)
      process.kill(process.pid, signal)
    } else process.exit(code ?? 1)
  })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) runOnNode24(process.argv.slice(2))
