import { quoted } from '../core/shell-word.ts'
import type { Question } from './question.ts'

/** What the command has where nothing is said. */
export const usual = { confidence: 0.95, resamples: 1000, seed: 0, starts: 4500, checkpoints: 'last' } as const

/**
 * The command that says what a page shows of this view.
 * @example commandOf(question) // isoflop fit runs.csv --drop 12,40-44 --target 1e22
 */
export function commandOf({ files, flags, asked }: Omit<Question, 'language'>): string {
  const { targets, methods, repeats, uniqueTokens, prior } = asked
  const unless = <T>(value: T, common: T): T | undefined => (value === common ? undefined : value)
  const options: [string, string | number | null | undefined][] = [
    ['--columns', flags.columns],
    ...(flags.where ?? []).map(({ column, value }): [string, string] => ['--where', `${column}=${value}`]),
    ['--group-by', flags.groupBy],
    ['--loss-unit', flags.lossUnit],
    ['--records', flags.records],
    ['--checkpoints', unless(flags.checkpoints, usual.checkpoints)],
    ['--drop', flags.drop],
    ['--method', methods?.join()],
    ['--target', targets?.map(flopsText).join()],
    ['--unique-tokens', uniqueTokens?.map(flopsText).join()],
    ['--prior', prior],
    ['--confidence', unless(asked.confidence, usual.confidence)],
    ['--resamples', unless(asked.resamples, usual.resamples)],
    ['--seed', unless(asked.seed, usual.seed)],
    ['--starts', unless(asked.starts, usual.starts)],
  ]
  const given = options.filter(([, value]) => value !== undefined && value !== null)
  return [
    'isoflop fit',
    ...files.map((name) => quoted(name.startsWith('-') ? `./${name}` : name)),
    ...given.flatMap(([name, value]) => [name, quoted(String(value))]),
    ...(repeats ? ['--repeats'] : []),
    ...(flags.best ? ['--best'] : []),
    ...(flags.keepState ? ['--keep-state'] : []),
  ].join(' ')
}

/** FLOPs, or tokens, as they are typed: 1e22. */
export const flopsText = (C: number): string => C.toExponential().replace('e+', 'e')
