import { dirname, join } from 'node:path'
import { shortNumber } from '../core/exact-integer.ts'
import type { Words } from '../report/words/words.ts'
import { isPostgres } from '../server/store/place.ts'
import { commandLine, typed } from './command-line.ts'

/** A command that comes next, and in which words it is led to. */
export interface Next {
  readonly command: string
  readonly lead: keyof Words['command']['next']
  /** Whether --lang is to be given to it, too, where what came before was in another language than English. */
  readonly takesLanguage?: boolean
}

const next = (command: string, lead: Next['lead'] = 'alone'): Next => ({ command, lead })
const spoken = (command: string, lead: Next['lead'] = 'alone'): Next => ({ command, lead, takesLanguage: true })

/** A database as `--db` names it; of an address, in which a password may stand anywhere, no more than that it is one. */
const at = (db: string | undefined): string[] =>
  db === undefined ? [] : ['--db', isPostgres(db) ? 'postgres://...' : db]

/** What was typed, without one of its words, or with others behind it. */
const same = (words: readonly string[], added: readonly string[] = []): string => commandLine([...words, ...added])

/** The value behind an option is another one, or the option is there now. */
function withOption(words: readonly string[], name: string, value: string): string[] {
  const at = words.findIndex((word) => word === name || word.startsWith(`${name}=`))
  if (at < 0) return [...words, name, value]
  return [...words.slice(0, at), name, value, ...words.slice(at + (words[at] === name ? 2 : 1))]
}

/** A plan for runs that somebody has, as far as `campaign next` takes it. */
export interface OwnPlan {
  readonly runs: readonly string[]
  readonly space?: string | undefined
  readonly budget?: number | undefined
  readonly target?: number | undefined
  readonly out: string
}

const given = (name: string, value: string | number | undefined): string[] =>
  value === undefined ? [] : [name, String(value)]

/** How a class stands, as far as it matters for what comes next. */
export interface ClassState {
  readonly db: string | undefined
  readonly keys: number
  /** The key of whoever asked last; null where nobody did. */
  readonly latest: string | null
  /** Whether there are predictions, of a world whose truth is known. */
  readonly isGradable: boolean
}

/**
 * What comes next behind every command that ends, by what is typed: a learner, an instructor and an engineer each get to the end of what
 * they began with by doing as they are told. `words` are what was typed behind `isoflop`.
 */
export const after = {
  fit: (words: readonly string[], { hasReport, isShown }: { hasReport: boolean; isShown: boolean }): Next => {
    if (isShown) return spoken(typed('campaign', '--world', 'seed:7'), 'campaign')
    return next(same(words, hasReport ? ['--open'] : ['--report', 'report.html', '--open']))
  },
  // With every option that was given: without them the table would be read in another way.
  look: (words: readonly string[]): Next => next(same(['fit', ...words.slice(1)])),

  'campaign --dry-run': (words: readonly string[]): Next => next(same(words.filter((word) => word !== '--dry-run'))),
  // Nothing was named that makes runs: a simulated world would be asked for what goes with runs of another origin.
  'campaign --dry-run, of own runs': ({ runs, space, budget, target, out }: OwnPlan): Next =>
    spoken(
      typed(
        ...['campaign', 'next', '-n', '8', '--runs', ...runs, ...given('--space', space)],
        ...[...given('--budget', budget), ...given('--target', target), '--out', `${out}-mine`],
      ),
      'ownRuns',
    ),
  'campaign, to submit': (words: readonly string[]): Next => next(same(words, ['--submit']), 'submit'),
  'campaign, submitted': (): Next => next(typed('grade'), 'judge'),
  'campaign, simulated': (): Next => next(typed('serve'), 'assignment'),
  'campaign, of a space': (space: string, out: string): Next =>
    spoken(typed('campaign', 'next', '-n', '4', '--space', space, '--out', `${out}-mine`), 'ownRuns'),
  'campaign, paid for': (words: readonly string[], out: string, budget: number): Next => {
    const kept = withOption(withOption(words, '--out', `${out}-more`), '--budget', shortNumber(2 * budget))
    return next(same(kept, ['--runs', join(out, 'campaign.jsonl'), '--dry-run']), 'more')
  },
  'campaign --pool, played': (out: string): Next => spoken(typed('fit', join(out, 'purchases.jsonl'))),
  'campaign --pool, advised': (words: readonly string[]): Next => next(same(words), 'fill'),
  'campaign --pool, complete': (files: readonly string[]): Next => spoken(typed('look', ...files)),

  'campaign next': (out: string): Next => spoken(typed('campaign', 'tell', 'results.jsonl', '--out', out), 'make'),
  'campaign next, waiting': (out: string): Next => spoken(typed('campaign', 'tell', 'results.jsonl', '--out', out)),
  'campaign, asking': (out: string): Next => spoken(typed('campaign', 'next', '--out', out)),
  'campaign tell': (out: string): Next => spoken(typed('campaign', 'forecast', '--out', out)),
  'campaign forecast': (out: string): Next => next(typed('campaign', 'forecast', '--out', out, '--json'), 'program'),

  simulate: (words: readonly string[]): Next => next(`${same(words)} | ${typed('fit', '-')}`),
  'world list': (): Next => spoken(typed('campaign', '--world', 'seed:7')),
  'world show': (world: string): Next =>
    next(typed('serve', '--world', world, '--db', `${world.replace(':', '')}.sqlite`)),
  'space show': (space: string): Next => spoken(typed('campaign', '--space', space, '--world', 'seed:7')),

  corpus: (folder: string): Next => next(typed('train', '--corpus', folder, '--train-flops', '1e12')),
  train: (out: string): Next => next(`${typed('fit')} ${join(dirname(out), '*', 'record.jsonl')}`, 'sizes'),
  'train, interrupted': (words: readonly string[]): Next =>
    next(same(words.includes('--resume') ? words : [...words, '--resume'])),

  'keys add': (db?: string): Next => next(typed('serve', ...at(db))),
  'keys list': (db?: string): Next => next(typed('class', ...at(db))),
  'keys of one': (id: string, db?: string): Next => next(typed('class', id, ...at(db))),
  'keys export': (db?: string): Next => next(typed('class', ...at(db))),
  class: ({ db, keys, latest, isGradable }: ClassState): Next => {
    if (isGradable) return next(typed('grade', ...at(db)))
    if (latest !== null) return next(typed('class', latest, ...at(db)))
    return keys === 0
      ? next(typed('keys', 'add', '--from', 'names.csv', '--out', 'keys.csv', ...at(db)))
      : next(typed('serve', ...at(db)))
  },
  'class of one': (db?: string): Next => next(typed('class', ...at(db))),
  deadline: (db: string | undefined, hasPassed: boolean): Next => next(typed(hasPassed ? 'grade' : 'class', ...at(db))),
  grade: (world: string): Next => next(typed('world', 'show', world)),
  // What is shown of a world is true in the course's space.
  'grade, of a space': (db?: string): Next => next(typed('grade', ...at(db), '--csv')),
  'grade, nobody': (db?: string): Next => next(typed('class', ...at(db))),

  // What waits says which worker it waits for.
  jobs: (
    db: string | undefined,
    { hasDead, waits }: { hasDead: boolean; waits: Readonly<Record<string, string>> | null },
  ): Next => {
    if (hasDead) return next(typed('jobs', 'retry', 'ID', ...at(db)), 'mend')
    if (waits === null) return next(typed('jobs', ...at(db), '--json'))
    const { world, program, space } = waits
    const what = world
      ? ['--world', world]
      : program
        ? ['--program', program, '--run', 'python train.py {folder}']
        : ['--corpus', 'corpus']
    return next(typed('worker', ...at(db), ...(space ? ['--space', 'space.json'] : []), ...what))
  },
  'jobs of one': (db?: string): Next => next(typed('jobs', ...at(db))),

  doctor: (): Next => next(typed('campaign', '--world', 'seed:7')),
} as const satisfies Record<string, (...about: never[]) => Next>

/** Commands behind which none comes, and why. */
export const endless: Readonly<Record<string, string>> = {
  watch: 'ends when it is stopped, or when nobody looks on any more',
  worker: 'ends only when it is stopped, and goes on with what waits',
  serve: 'ends only when it is stopped; its first lines say what to try',
  completion: 'is read by a shell at each start, which must not print anything',
  help: 'shows examples',
}
