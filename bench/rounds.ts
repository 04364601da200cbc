import { cpus, loadavg } from 'node:os'
import { median } from '../src/numeric/quantile.ts'

/** What every benchmark of speed takes: how often all of it is measured. Figures that are quoted come from three rounds. */
export const roundsOption = { rounds: { type: 'string', default: '1' } } as const

/** Above this load a machine does other things besides, and what it measures is worth little. */
export const quietLoad = 0.5

/** The number of rounds that were asked for. */
export function roundsOf(text: string): number {
  const rounds = Number(text)
  if (Number.isInteger(rounds) && rounds >= 1) return rounds
  throw new RangeError(`--rounds takes how often to measure, 1 or more, got ${text}`)
}

/** What was measured, over the rounds. */
export interface Spread {
  readonly median: number
  readonly least: number
  readonly most: number
  readonly rounds: number
}

export const spreadOf = (values: readonly number[]): Spread => ({
  median: median(values),
  least: Math.min(...values),
  most: Math.max(...values),
  rounds: values.length,
})

/** `1.85 (1.79 to 1.92)`; of one round the number alone. */
export function spreadText({ median: middle, least, most, rounds }: Spread, write: (value: number) => string): string {
  return rounds === 1 ? write(middle) : `${write(middle)} (${write(least)} to ${write(most)})`
}

/** Node, processors and how many processes wanted one in the last minute. */
export const machine = (): string =>
  `node ${process.version}, ${cpus().length} processors (${cpus()[0].model}), load ${loadavg()[0].toFixed(2)}`

/** A sentence where the machine is not quiet; null where it is. */
export const loadWarning = (load = loadavg()[0]): string | null =>
  load > quietLoad
    ? `warning: the load is ${load.toFixed(2)}, above ${quietLoad}: other programs take time, and these figures are not to be quoted`
    : null

/** Prints the machine with its load, warns where it is busy, measures, and prints the load of the end. */
export async function underWatch(
  print: (line: string) => void,
  about: string,
  measure: () => Promise<void>,
): Promise<void> {
  print(`${machine()}; ${about}`)
  const warning = loadWarning()
  if (warning !== null) print(warning)
  print('')
  await measure()
  print(`\nload at the end ${loadavg()[0].toFixed(2)}, what was measured included`)
}

/** Figures by name in the order of their first round. */
export class Sheet {
  readonly #rows = new Map<string, { values: number[]; unit: string; note: string }>()

  /** Adds a round's figure; the note is the last one's. */
  add(name: string, value: number, unit: string, note = ''): void {
    const row = this.#rows.get(name)
    this.#rows.set(name, { values: [...(row?.values ?? []), value], unit, note })
  }

  /** A row for each: median, range, unit, note. */
  lines(): string[] {
    return [...this.#rows].map(([name, { values, unit, note }]) =>
      `${name.padEnd(72)} ${spreadText(spreadOf(values), (value) => value.toPrecision(4)).padEnd(27)} ${unit.padEnd(3)} ${note}`.trimEnd(),
    )
  }
}
