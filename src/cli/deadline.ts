import { Command } from 'commander'
import { systemClock } from '../core/clock.ts'
import { isGradable } from '../server/standing.ts'
import { answerTo } from './confirm.ts'
import { withStore } from './database.ts'
import { examples } from './help.ts'
import { after } from './next.ts'
import { time } from './options.ts'
import { printLine, printNext } from './print.ts'
import { deadlineText } from './serve.ts'

interface DeadlineFlags {
  readonly db?: string
  readonly reopen?: boolean
  readonly yes?: boolean
}

/** `isoflop deadline`. */
export function deadlineCommand(): Command {
  return new Command('deadline')
    .summary('when predicting ends and the truth is shown')
    .description(
      'Says when predicting ends, or changes it at once for every server of the database. Until then the truth is\n' +
        'shown to instructors alone; from then on to everybody, and no prediction is taken.',
    )
    .argument('[TIME]', 'a time with its zone, such as 2027-12-15T23:59Z; none for no end', timeOrNone)
    .option('--db <PLACE>', 'a SQLite file, or postgres://... (default: $DATABASE_URL or isoflop.sqlite)')
    .option('--reopen', 'change one that has passed, though the truth may have been told')
    .option('--yes', 'do not ask, where the new one has passed already and predicting ends at once')
    .addHelpText('after', examples('isoflop deadline', 'isoflop deadline 2027-12-17T23:59Z --db class.sqlite'))
    .action(runDeadline)
}

const timeOrNone = (text: string): number | 'none' => (text === 'none' ? text : time('TIME')(text))

async function runDeadline(wanted: number | 'none' | undefined, { db, reopen, yes }: DeadlineFlags): Promise<void> {
  const { deadlineOf, endingAtOnce, setDeadline } = await import('../server/deadline.ts')
  await withStore({ db }, async (store) => {
    const time = wanted === 'none' ? null : wanted
    const isPast = typeof time === 'number' && time <= systemClock.now()
    const atOnce = isPast ? (yes ?? (await answerTo(`${endingAtOnce(time)} Is it meant?`))) : false
    // Null: nobody is there to be asked, and setDeadline says what to do.
    if (time !== undefined && !(isPast && atOnce === false))
      await setDeadline(store, time, systemClock, { ...(reopen && { reopen }), atOnce: atOnce === true })
    const deadline = await deadlineOf(store)
    printLine(deadlineText(deadline))
    printNext(after.deadline(db, deadline !== null && deadline <= systemClock.now() && (await isGradable(store))))
  })
}
