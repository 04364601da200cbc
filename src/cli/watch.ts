import { existsSync, statSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { dirname, join } from 'node:path'
import { Command } from 'commander'
import { IsoflopError } from '../core/errors.ts'
import { isLoopback } from '../pages/names.ts'
import { inLanguage, type Language, languages, words } from '../report/words/words.ts'
import { examples, notes } from './help.ts'
import { openPage } from './open.ts'
import { nameOf, portNumber } from './options.ts'
import { print, say } from './print.ts'

interface WatchFlags {
  readonly host: string
  readonly port: number
  readonly watchToken?: string
  readonly lang?: Language
  readonly open: boolean
  readonly untilLeft?: boolean
}

/** With --until-left it ends when nobody has looked on for so long, ms. */
const leftMs = 60_000
/** A secret that is shorter can be guessed. */
const shortestToken = 16

/** `isoflop watch`. */
export function watchCommand(): Command {
  return new Command('watch')
    .summary('show a campaign in the browser, live')
    .description(
      'Shows the campaign in DIR: profiles filling in, what was spent, which runs come next and why, what is expected\n' +
        'at the target. Of a campaign that runs, in whatever process, of one whose runs you make (next and tell), of one\n' +
        'that has ended, or of one that is yet to begin there. It can be told from the page to pause, to go on, and to end after the round.',
    )
    .argument('[DIR]', 'the folder of the campaign, its --out', 'out')
    .option('--port <N>', 'the port (default: one that is free)', portNumber('--port'), 0)
    .option('--host <ADDRESS>', 'where it listens; other than 127.0.0.1 needs --watch-token', '127.0.0.1')
    .option('--watch-token <SECRET>', 'who has it may look on (default: $ISOFLOP_WATCH_TOKEN)')
    .option('--lang <LANGUAGE>', "the page's language, en or zh (default: the browser's)", nameOf('--lang', languages))
    .option('--no-open', 'only print the link')
    .option('--until-left', 'end when the campaign is over and nobody looks on')
    .addHelpText('after', examples('isoflop watch out/seven', 'isoflop campaign --world seed:7 --out out/seven --open'))
    .addHelpText(
      'after',
      notes(
        'The link works once: the browser that opens it is known from then on, and the next link is printed. With --host the page only shows, and its link works for whoever has it; ' +
          'it is not encrypted, so leave other machines to a tunnel where you can: ssh -L.',
      ),
    )
    .action(watch)
}

async function watch(folder: string, flags: WatchFlags): Promise<void> {
  const token = flags.watchToken ?? process.env.ISOFLOP_WATCH_TOKEN
  checkHost(flags.host, token)
  checkFolder(folder)
  const { notices } = inLanguage(flags.lang ?? 'en', words)
  const [{ startWatch }, { slurmJobs }] = await Promise.all([import('../watch/watch.ts'), import('./watched-jobs.ts')])
  let end = () => {}
  const ended = new Promise<void>((done) => {
    end = done
  })
  const watching = await startWatch({
    folder,
    jobs: slurmJobs(folder),
    host: flags.host,
    port: flags.port,
    ...(token !== undefined && { token }),
    ...(flags.lang && { language: flags.lang }),
    ...(flags.untilLeft && { onLeft: { afterMs: leftMs, call: end } }),
    onLink: (link) => print(notices.otherBrowser(link)),
  })
  if (!watching.hasBegun) say(notices.nothingToWatch(folder))
  print(watching.link)
  for (const link of linksElsewhere(watching.link, flags.host)) print(notices.otherMachines(link))
  process.send?.({ link: watching.link })
  if (flags.open) await openPage(watching.link)
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, end)
  await ended
  await watching.close()
}

/** The link under each address that other machines know this one by, where it listens on all of them: the link itself is for this machine. */
function linksElsewhere(link: string, host: string): string[] {
  if (host !== '0.0.0.0' && host !== '::') return []
  const { port, hash } = new URL(link)
  const addresses = Object.values(networkInterfaces()).flatMap((known) => known ?? [])
  return addresses
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => `http://${address}:${port}/${hash}`)
}

/** A file is no campaign, and a choice from a pool is made at once, and never told. Errors: BAD_OPTION. */
function checkFolder(folder: string): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === false)
    throw new IsoflopError(
      'BAD_OPTION',
      `${folder} is a file, and a campaign is a folder.`,
      `Name the folder, what --out is: isoflop watch ${dirname(folder)}`,
    )
  const isThere = (name: string) => existsSync(join(folder, name))
  if (isThere('campaign.json') || isThere('live.json') || !(isThere('purchases.jsonl') || isThere('next.jsonl'))) return
  throw new IsoflopError(
    'BAD_OPTION',
    `${folder} has runs that were chosen from a pool, which is done at once: there is nothing to watch.`,
    isThere('report.html')
      ? `Open ${join(folder, 'report.html')} in a browser.`
      : 'campaign --pool writes report.html beside them.',
  )
}

/** Errors: BAD_OPTION. */
function checkHost(host: string, token: string | undefined): void {
  if (!isLoopback(host) && token === undefined)
    throw new IsoflopError(
      'BAD_OPTION',
      `--host ${host} shows the page to other machines, and came without --watch-token.`,
      `Give a secret of at least ${shortestToken} characters in $ISOFLOP_WATCH_TOKEN, or leave --host out.`,
    )
  if (token !== undefined && !/^[\w.~-]+$/.test(token))
    throw new IsoflopError(
      'BAD_OPTION',
      '--watch-token has characters that a link cannot have.',
      'Take letters, digits and - . _ ~ alone.',
    )
  if (token !== undefined && token.length < shortestToken)
    throw new IsoflopError(
      'BAD_OPTION',
      `--watch-token has ${token.length} characters, expected at least ${shortestToken}.`,
      'Draw one: openssl rand -hex 16',
    )
}
