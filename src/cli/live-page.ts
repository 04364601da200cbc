import { spawn } from 'node:child_process'
import { inLanguage, type Language, words } from '../report/words/words.ts'
import { openerOf } from './open.ts'
import { say } from './print.ts'

/** A page that has not said by then where it is, ms, is not waited for. */
const patienceMs = 15_000

/**
 * Shows a campaign's folder in the browser by a process of its own, which answers while this one plans, and ends when the campaign is over and nobody looks on.
 * Says where it is; whether a browser was asked to show it. Never fails: a campaign goes on without.
 */
export async function openLivePage(folder: string, language: Language | undefined): Promise<boolean> {
  const args = ['watch', folder, '--until-left', ...(language === undefined ? [] : ['--lang', language])]
  const child = spawn(process.execPath, [process.argv[1], ...args], {
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  const link = await new Promise<string | null>((done) => {
    const timer = setTimeout(() => done(null), patienceMs)
    child.on('message', (message: { link?: string }) => {
      clearTimeout(timer)
      done(message.link ?? null)
    })
    child.on('error', () => done(null))
    child.on('exit', () => done(null))
  })
  if (child.connected) child.disconnect()
  child.unref()
  const { notices } = inLanguage(language ?? 'en', words)
  say(link === null ? notices.notLive(folder) : notices.live(link))
  return link !== null && openerOf(process.platform, process.env) !== null
}
