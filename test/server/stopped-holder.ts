import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** A process that was stopped while it had the write lock of a SQLite file. */
export async function stoppedHolder(file: string) {
  const script = `
    const db = new (require('node:sqlite').DatabaseSync)(process.argv[1], { timeout: 5000 })
    db.exec('BEGIN IMMEDIATE')
    console.log('locked')
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['-e', script, file], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  child.kill('SIGSTOP')
  return {
    async kill() {
      if (child.signalCode !== null) return
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}
