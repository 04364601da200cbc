import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'

const script = fileURLToPath(new URL('./slow-server.ts', import.meta.url))

/** A server in a process of its own that may be killed and comes back at the same address. */
export interface SlowServer {
  readonly url: string
  /** Ends it with SIGKILL, and starts it again. */
  restart(): Promise<void>
  kill(): Promise<void>
}

/** A port that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

export async function slowServer(location: string, key: string, ms: number): Promise<SlowServer> {
  const port = await freePort()
  let child: ChildProcess
  const start = async () => {
    const args = [script, location, String(port), key, String(ms)]
    const started = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    child = started
    await Promise.race([once(started.stdout, 'data'), once(started, 'exit')])
  }
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }
  await start()
  return {
    url: `http://127.0.0.1:${port}`,
    kill,
    async restart() {
      await kill()
      await start()
    },
  }
}
