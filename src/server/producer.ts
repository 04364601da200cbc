import { z } from 'zod'
import type { Backend, Producer } from '../backend/backend.ts'
import type { Config } from '../core/config.ts'
import { IsoflopError } from '../core/errors.ts'
import { damagedDatabase } from './store/common.ts'
import type { Store } from './store/store.ts'

/**
 * A database's answers come from one producer: the same backend, world and version of it, or corpus and loss, asked with the same FLOPs.
 * Runs of two worlds in one database are fitted and graded as if they were of one, and nobody sees it.
 */

/** What a server is, as it is compared: a backend's producer and the FLOPs that it may be asked with. */
export const servedProducer = (producer: Producer, trainFlops: readonly number[]): Producer => ({
  ...producer,
  train_flops: trainFlops.map((flops) => flops.toExponential().replace('e+', 'e')).join(','),
})

/** As it is stored: equal for equal producers. */
const textOf = (producer: Producer): string =>
  JSON.stringify(Object.entries(producer).sort(([p], [q]) => (p < q ? -1 : 1)))

/** Facts in the order in which people are told them. The list of FLOPs is nearly always the assignment's, and only told where it differs. */
const toldFacts = ['space', 'world', 'version', 'table', 'program', 'corpus', 'loss', 'accounting', 'seed', 'device']

/** For people: what it is. */
export const producerName = (producer: Producer): string =>
  [
    producer.backend,
    ...toldFacts.filter((name) => name in producer).map((name) => factText([name, producer[name]])),
  ].join(', ')

const factText = ([name, value]: readonly [string, string]): string => `${name.replace('_', ' ')} ${value}`

/** Two producers told apart: each one's name, with what differs beyond it. */
function bothNames(one: Producer, other: Producer): readonly [string, string] {
  const same = producerName(one) === producerName(other)
  const named = (producer: Producer) =>
    same ? `${producerName(producer)}, ${factText(['train_flops', producer.train_flops])}` : producerName(producer)
  return [named(one), named(other)]
}

/** What answers a database; null where that was never noted. */
export async function producerOf(store: Store): Promise<Producer | null> {
  const text = await store.recall('producer')
  if (text === null) return null
  const { data: facts, success } = stored.safeParse(parsed(text))
  if (!success) throw damagedDatabase('what answers it is not what was written')
  return Object.fromEntries(facts) as unknown as Producer
}

/** What `textOf` writes. */
const stored = z.array(z.tuple([z.string(), z.string()])).refine((facts) => facts.some(([name]) => name === 'backend'))

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** How many of a database's runs have the loss that a backend gives. */
export interface Evidence {
  readonly agree: number
  readonly compared: number
}

/** Runs that are compared at most: some 20 microseconds each. */
const mostCompared = 1000

/** Compares runs with what answers at once; null for trainings, which take hours, and for whatever waits for workers. */
export async function evidenceFor(store: Store, backend: Backend<Config>): Promise<Evidence | null> {
  if (backend.trainings !== undefined) return null
  let [agree, compared] = [0, 0]
  for (const { id } of await store.listKeys()) {
    const { runs } = await store.runs(id, 0n, Math.max(1, mostCompared - compared))
    for (const { config, loss } of runs) {
      const outcome = await backend.train(config)
      compared++
      if (outcome.kind === 'finished' && outcome.loss === loss) agree++
    }
    if (compared >= mostCompared) break
  }
  return { agree, compared }
}

interface Claiming {
  /** Says what answered a database of an older version; gives whether it was this producer. */
  readonly confirm: (question: string) => Promise<boolean>
}

/**
 * Makes sure that a backend is what answers a database, and notes that of a new one. For a database of an older version, which does not
 * say what gave its runs, somebody is asked, with what its runs tell; for one that has keys alone, where another one was noted.
 *
 * Errors: PRODUCER_DIFFERS, with both names; PRODUCER_UNKNOWN where nobody says yes.
 */
export async function claimStore(
  store: Store,
  backend: Backend<Config>,
  trainFlops: readonly number[],
  { confirm }: Claiming,
): Promise<void> {
  const producer = servedProducer(backend.producer, trainFlops)
  const text = textOf(producer)
  const claim = await store.claim(text, false)
  if (claim.kind === 'held') return
  const noted = await producerOf(store)
  if (noted !== null && claim.answered) throw differs(noted, producer)
  if (noted === null && producer.space !== undefined) throw ofTheCourse(producer)
  const question =
    noted === null
      ? `The database has answers of an older isoflop, which did not note what gave them${shown(await evidenceFor(store, backend))}. Did ${producerName(producer)} give them all?`
      : `The database is for ${bothNames(noted, producer)[0]}, and has no answers yet. Shall it be for ${bothNames(noted, producer)[1]}?`
  if (!(await confirm(question))) throw noted === null ? unknown(question) : differs(noted, producer, 'is for')
  if ((await store.claim(text, true)).kind === 'held') return
  throw differs((await producerOf(store)) ?? producer, producer)
}

const shown = (evidence: Evidence | null): string =>
  evidence === null || evidence.compared === 0
    ? ''
    : `; of ${evidence.compared} runs, ${evidence.agree} have the loss that it would get now`

const differs = (stored: Producer, served: Producer, has = 'has answers of') => {
  const [one, other] = bothNames(stored, served)
  return new IsoflopError(
    'PRODUCER_DIFFERS',
    `The database ${has} ${one}; what is to be served is ${other}.`,
    'Serve what it has, or name another database with --db. One without answers (keys alone, or after "keys reset") is given to another with --adopt.',
  )
}

/** What did not note its producer knew no other space: its configurations mean nothing in one. */
const ofTheCourse = (served: Producer) =>
  new IsoflopError(
    'PRODUCER_DIFFERS',
    `The database has answers of an older isoflop, which are of the course's models; what is to be served is ${producerName(served)}.`,
    'Name another database with --db.',
  )

const unknown = (question: string) =>
  new IsoflopError(
    'PRODUCER_UNKNOWN',
    question,
    'If so, start once with --adopt. If not, serve what did, or name another database with --db.',
  )
