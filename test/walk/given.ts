import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { random } from '../../src/core/random.ts'
import type { Runs } from '../../src/core/run.ts'
import { type RepeatsLaw, repeatsLoss } from '../../src/law/repeats.ts'
import { handoutRuns } from '../../src/world/handout.ts'
import { fewerTokens, firstLaw, interleaved, profilesOf, sixBudgets } from '../fit/groups-runs.ts'
import { madeRuns } from '../fit/tuned-runs.ts'
import { root } from './package.ts'

/** What readers have before they begin: tables, text and programs of their own, all by a seed. */

const csv = (columns: Readonly<Record<string, ArrayLike<string | number>>>): string => {
  const names = Object.keys(columns)
  const rows = Array.from(columns[names[0]], (_, i) => names.map((name) => columns[name][i]).join())
  return `${[names.join(), ...rows].join('\n')}\n`
}

const plain = ({ parameters, tokens, flops, loss }: Runs) => ({ parameters, tokens, flops, loss })

/** Runs of six budgets. */
export const profiles = (): string => csv(plain(profilesOf(firstLaw, sixBudgets, { own: 0.005, seed: 1 })))

/** Runs at several rates and batches, with GPU hours. */
function sweeps(rows: (runs: Runs, i: number) => boolean = () => true) {
  const runs = madeRuns(['rate', 'batch'], { seed: 6, noise: 0.004, repeats: 6 })
  const kept = Array.from(runs.loss, (_, i) => i).filter((i) => rows(runs, i))
  const of = (column: ArrayLike<number>) => kept.map((i) => column[i])
  const { rate, batch } = runs.tuning!
  return {
    ...{ params: of(runs.parameters), tokens: of(runs.tokens) },
    ...{ learning_rate: of(rate!), batch_size: of(batch!), sequence_length: kept.map(() => 2048) },
    ...{ gpu_hours: of(runs.flops.map((C) => (C / 1e18) ** 1.1)), loss: of(runs.loss) },
  }
}

const isLarge = ({ flops }: Runs, i: number) => flops[i] >= 6e19

/** A pool: the runs that are not large, all on record. */
export const pool = (): string => csv(sweeps((runs, i) => !isLarge(runs, i)))

/** The large ones that are to be predicted. */
export const largeRuns = (): string => csv(sweeps(isLarge))

/** The same pool, of which the cheaper half was made. */
export function plans(): string {
  const columns = sweeps()
  const middle = [...columns.gpu_hours].sort((a, b) => a - b)[columns.gpu_hours.length >> 1]
  return csv({ ...columns, loss: columns.loss.map((loss, i) => (columns.gpu_hours[i] < middle ? loss : '')) })
}

/** Two data sets at several rates, of which one needs 1.7 times the tokens. */
export function twoDataSets(): string {
  const { runs, groups } = interleaved({
    web: profilesOf(firstLaw, sixBudgets, { own: 0.003, seed: 2 }),
    books: profilesOf(fewerTokens(firstLaw, 1.7), sixBudgets, { own: 0.003, seed: 3 }),
  })
  const { uniform } = random(4)
  const learning_rate = Array.from(runs.loss, () => 1e-3 * 2 ** (2 * uniform() - 1))
  return csv({ ...plain(runs), dataset: Array.from(groups.of, (k) => groups.names[k]), learning_rate })
}

const repeated: RepeatsLaw = {
  fresh: { E: 1.69, A: 406.4, B: 410.7, alpha: 0.34, beta: 0.28, q: 1 },
  ...{ tokens: 15.4, size: 10 },
}

/** Runs that see their tokens up to 40 times. */
export function epochs(): string {
  const { normal } = random(5)
  const rows = [1e8, 3e8, 1e9].flatMap((params) =>
    [1e9, 1e10].flatMap((unique) => [1, 2, 4, 10, 40].map((epochs) => ({ params, unique, epochs }))),
  )
  return csv({
    params: rows.map(({ params }) => params),
    tokens: rows.map(({ unique, epochs }) => unique * epochs),
    unique_tokens: rows.map(({ unique }) => unique),
    loss: rows.map(
      ({ params, unique, epochs }) => repeatsLoss(repeated, params, unique * epochs, unique) + 0.003 * normal(),
    ),
  })
}

/** Columns that only their reader can name: the tokens in billions. */
export function oddNames(): string {
  const { parameters, tokens, loss } = handoutRuns()
  return csv({ weights: parameters, T: tokens.map((D) => D / 1e9), score: loss })
}

/** One file with two places that have runs, a list and, under their names, objects. */
export function sweepJson(): string {
  const { parameters, tokens, loss } = profilesOf(firstLaw, sixBudgets, { own: 0.005, seed: 1 })
  const records = Array.from(loss, (_, i) => ({ N: parameters[i], D: tokens[i], loss: loss[i] }))
  const named = Object.fromEntries(records.map((record, i) => [`run${i}`, record]))
  return JSON.stringify({ responses: records, sets: { c4: named } })
}

/** Our own prose: text as people write it, 1 MB. */
export const prose = (): string =>
  ['docs/log.md', 'docs/math.md', 'ARCHITECTURE.md', 'CHANGELOG.md', 'README.md']
    .map((file) => readFileSync(join(root, file), 'utf8'))
    .join('\n\n')

export const example = (name: string): string => readFileSync(join(root, 'examples', name), 'utf8')

/** Stands for a training: what is told in config.json comes to a loss by a law, in the time that Python takes to start. */
export const trainer = `import json, math, os, sys
from pathlib import Path

folder = Path(sys.argv[1])
told = json.loads((folder / "config.json").read_text())
n, d, rate = told["parameters"], told["tokens"], told["learning_rate"]
loss = 1.5 + 60 / n**0.3 + 110 / d**0.3 + 0.05 * math.log(rate / 3e-3) ** 2
result = {"loss": loss, "tokens": d, "seconds": 0.1}
(folder / "result.new").write_text(json.dumps(result)); os.replace(folder / "result.new", folder / "result.json")
`

/** The space of the example for what `isoflop train` trains. */
export const space512 = (): string => JSON.stringify({ ...JSON.parse(example('cluster/space.json')), context: 512 })
