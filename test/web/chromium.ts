import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type Browser, chromium } from 'playwright-core'

/** A real browser that is there already: nothing is downloaded. $CHROME names another. */

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome']
const macs = ['/Applications/Google Chrome.app/Contents/MacOS/Google Chrome']

function found(): string | null {
  const { CHROME, PATH = '' } = process.env
  const folders = ['/usr/bin', ...PATH.split(delimiter)]
  const places = [CHROME ?? '', ...folders.flatMap((folder) => names.map((name) => join(folder, name))), ...macs]
  return places.find((place) => place !== '' && existsSync(place)) ?? null
}

const executablePath = found()

/** For node:test's `skip`: false where there is a browser, else why the test is skipped. */
export const needsBrowser: false | string =
  executablePath === null ? 'no Chromium is here: $CHROME names none, and none is in $PATH' : false

export const launch = (): Promise<Browser> =>
  // Root, as in a container, has no sandbox there.
  chromium.launch({ executablePath: executablePath!, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] })
