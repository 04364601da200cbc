import type { ViewedRun } from '../../campaign/view.ts'

/** What a run is filtered by: numbers by their names, and text. */
export interface Filtered {
  readonly numbers: Readonly<Record<string, number | null>>
  readonly text: string
}

type Test = (run: Filtered) => boolean

const comparisons: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '=': (a, b) => a === b,
}

/**
 * What a filter's text means: conditions such as `N>1e8`, and texts that all have to be there, separated by blanks. What is no condition is a text.
 * @example filterOf('loss<3 round=2')
 */
export function filterOf(text: string): Test {
  const tests = text
    .trim()
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((part) => part !== '')
    .map(testOf)
  return (run) => tests.every((test) => test(run))
}

function testOf(part: string): Test {
  const found = /^([a-z_#]{1,30})(<=|>=|<|>|=)([-+.\de]{1,30})$/.exec(part)
  if (found === null) return ({ text }) => text.includes(part)
  const [, name, sign, number] = found
  const limit = Number(number)
  if (!Number.isFinite(limit)) return ({ text }) => text.includes(part)
  return ({ numbers }) => {
    const value = numbers[name]
    return value !== null && value !== undefined && comparisons[sign](value, limit)
  }
}

/** What can be filtered by of a run. */
export function filtered(run: ViewedRun, number: number, residual: number | undefined): Filtered {
  const fields = Object.entries(run.config).filter(([, value]) => typeof value === 'number') as [string, number][]
  return {
    numbers: {
      '#': number + 1,
      n: run.parameters,
      c: run.config.trainFlops,
      flops: run.config.trainFlops,
      loss: run.loss,
      round: run.round,
      residual: residual ?? null,
      ...Object.fromEntries(fields.map(([key, value]) => [key.toLowerCase(), value])),
    },
    text: `${run.reason} ${Object.values(run.config).join(' ')} ${run.loss === null ? 'diverged' : ''}`.toLowerCase(),
  }
}
