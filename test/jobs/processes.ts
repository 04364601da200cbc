import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { until } from '../until.ts'

const bin = fileURLToPath(new URL('../../bin/isoflop.js', import.meta.url))

/** A command that runs. */
export interface Started {
  readonly child: ChildProcess
  /** What it has said so far, on both streams. */
  said(): string
  /** Sends it a signal; resolves when it has ended. */
  end(signal: NodeJS.Signals): Promise<void>
}

/** Real servers and workers, each a process that a test may end, in a folder of their own. */
export interface Processes {
  readonly folder: string
  start(...args: readonly string[]): Started
  /** Starts a server whose trainings workers make, with one key; resolves when it listens. */
  serve(db: string, key: string, ...flags: readonly string[]): Promise<Started & { readonly url: string }>
  /** `isoflop jobs`, which ends by itself. */
  jobs(db: string, ...args: readonly string[]): string
  /** Kills what is left and removes the folder. */
  close(): void
}

export function processes(name: string): Processes {
  const folder = mkdtempSync(join(tmpdir(), `isoflop-${name}-`))
  const running: ChildProcess[] = []
  const start = (...args: readonly string[]): Started => {
    const child = spawn(process.execPath, [bin, ...args], { cwd: folder })
    running.push(child)
    let text = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        text += chunk
      })
    const end = async (signal: NodeJS.Signals) => {
      const ended = once(child, 'exit')
      child.kill(signal)
      await ended
    }
    return { child, said: () => text, end }
  }
  return {
    folder,
    start,
    async serve(db, key, ...flags) {
      const queue = ['--backend', 'workers', '--worker-patience', '10s', '--key', key]
      const server = start('serve', '--port', '0', '--db', db, ...queue, ...flags)
      await until(() => /listening on/.test(server.said()), 'the server listens')
      return { ...server, url: /listening on (\S+)/.exec(server.said())![1] }
    },
    jobs: (db, ...args) =>
      spawnSync(process.execPath, [bin, 'jobs', ...args, '--db', db], { encoding: 'utf8', cwd: folder }).stdout,
    close() {
      for (const child of running) child.kill('SIGKILL')
      rmSync(folder, { recursive: true })
    },
  }
}
