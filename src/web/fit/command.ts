import { quoted } from '../../core/shell-word.ts'
import { methodNames } from '../../fit/method-names.ts'
import { dropText, files, flags, methods, start, targets } from './state.ts'

/** The command that gives what the page shows. */
export function command(): string {
  const { columns, groupBy, lossUnit, records, checkpoints, best, keepState, where = [] } = flags.value
  const { asked } = start.value!
  const words: (string | number | undefined)[][] = [
    ...files.value.map((name) => [name.startsWith('-') ? `./${name}` : name]),
    ['--columns', columns],
    ...where.map(({ column, value }) => ['--where', `${column}=${value}`]),
    ['--group-by', groupBy],
    ['--loss-unit', lossUnit],
    ['--records', records],
    ['--checkpoints', checkpoints === 'last' ? undefined : checkpoints],
    ['--drop', dropText.value || undefined],
    ['--method', methods.value.length === methodNames.length ? undefined : methods.value.join(',')],
    ['--target', targets.value?.map(flopsText).join(',')],
    ['--confidence', asked.confidence === 0.95 ? undefined : asked.confidence],
    ['--resamples', asked.resamples === 1000 ? undefined : asked.resamples],
    ['--seed', asked.seed === 0 ? undefined : asked.seed],
  ]
  const flat = words.filter(([, ...values]) => values.every((value) => value !== undefined)).flat()
  return [
    'isoflop fit',
    ...flat.map((word) => quoted(String(word))),
    ...(best ? ['--best'] : []),
    ...(keepState ? ['--keep-state'] : []),
  ].join(' ')
}

/** FLOPs as they are typed: 1e22. */
export const flopsText = (C: number): string => C.toExponential().replace('e+', 'e')
