import { spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { inLanguage, type Language, words } from '../report/words/words.ts'
import { print, say } from './print.ts'

/** How a command tells what it does. */
interface Told {
  readonly json?: boolean
  readonly lang?: Language
}

/** The command that opens a file with the program that people have chosen for it; null where there is no screen, as on a server. */
export function openerOf(platform: NodeJS.Platform, environment: NodeJS.ProcessEnv): string | null {
  if (platform === 'darwin') return 'open'
  if (platform === 'win32') return 'explorer.exe'
  const { DISPLAY, WAYLAND_DISPLAY } = environment
  return DISPLAY || WAYLAND_DISPLAY ? 'xdg-open' : null
}

/** An opener that has not failed by then has found a program, ms. */
const patienceMs = 2000

/** Opens a report, or says where it is where nothing can open it. Never fails: the report is written. */
export async function openReport(file: string, { json, lang = 'en' }: Told): Promise<void> {
  const path = resolve(file)
  const opener = openerOf(process.platform, process.env)
  if (opener !== null && (await starts(opener, path))) return
  const tell = json ? say : print
  tell(`\n${inLanguage(lang, words).command.notOpened(path)}`)
}

/** Opens a page's link, where there is a screen; it is printed anyway. */
export async function openPage(link: string): Promise<void> {
  const opener = openerOf(process.platform, process.env)
  if (opener !== null) await starts(opener, link)
}

/** Whether an opener took the file. That of Windows ends with 1 even so. */
const starts = (opener: string, path: string): Promise<boolean> =>
  new Promise((done) => {
    const child = spawn(opener, [path], { detached: true, stdio: 'ignore' })
    const timer = setTimeout(() => done(true), patienceMs)
    child.on('error', () => {
      clearTimeout(timer)
      done(false)
    })
    child.on('exit', (status) => {
      clearTimeout(timer)
      done(status === 0 || process.platform === 'win32')
    })
    child.unref()
  })
