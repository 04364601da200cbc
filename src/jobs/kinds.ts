import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Space } from '../space/space.ts'
import { spaceFacts } from './space-facts.ts'

/** What the answers of trainings come from, as the server that asks for them says it: `{ backend: 'train', corpus: ..., seed: ... }`. */
export type Facts = Readonly<Record<string, string>>

/** Trainings that the same workers can do. */
export interface Kind {
  readonly facts: Facts
  /** A worker must have all of them. */
  readonly tags: readonly string[]
  /** Bytes that one may need; 0 where nobody knows. */
  readonly memory: number
}

/** A kind as it is in the database. */
export interface Queue extends Kind {
  readonly name: string
  readonly producer: string
}

/** Runs by a program of workers, known by its name, of a space. */
export const programFacts = (program: string, space: Space) => ({ backend: 'program', program, ...spaceFacts(space) })

/** Equal for equal facts. */
export const producerText = (facts: Facts): string =>
  JSON.stringify(Object.entries(facts).sort(([p], [q]) => (p < q ? -1 : 1)))

const schema = z.array(z.tuple([z.string().max(64), z.string().max(4096)])).max(64)

/** The facts of a text that `producerText` wrote; null where it is none. */
export function factsOf(producer: string): Facts | null {
  try {
    return Object.fromEntries(schema.parse(JSON.parse(producer)))
  } catch {
    return null
  }
}

/** Classes of memory, so that there are few queues: a training waits with those that need up to as many bytes. */
const memoryClasses = [2, 8, 32, 128, 512].map((gigabytes) => gigabytes * 2 ** 30)

/** The queue of a kind: its name says nothing but is the same everywhere. */
export function queueOf({ facts, tags, memory }: Kind): Queue {
  const producer = producerText(facts)
  const sorted = [...new Set(tags)].sort()
  const needed = memory <= 0 ? 0 : (memoryClasses.find((bytes) => memory <= bytes) ?? memory)
  const digest = createHash('sha256')
    .update(JSON.stringify([producer, sorted, needed]))
    .digest('hex')
    .slice(0, 16)
  return { name: `trainings-${digest}`, facts, producer, tags: sorted, memory: needed }
}
