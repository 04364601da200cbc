import { simulateBackend } from '../../src/backend/simulate.ts'
import { integerAsWritten } from '../../src/core/exact-integer.ts'
import { random } from '../../src/core/random.ts'
import { outcomeOf } from '../../src/core/trainer.ts'
import type { TrainingConfig } from '../../src/cs336/config.ts'
import { targetFlops } from '../../src/cs336/limits.ts'
import { addDrawnKeys, addKey, type NewKey } from '../../src/server/keys.ts'
import { openStore } from '../../src/server/store/open.ts'
import type { Store } from '../../src/server/store/store.ts'
import type { World } from '../../src/world/world.ts'
import { openWorld } from '../../src/world/worlds.ts'
import { type Serving, serving } from './serving.ts'

export interface ServedClass extends Serving {
  readonly students: readonly NewKey[]
  readonly instructor: string
}

interface ClassOptions {
  readonly students: number
  /** Runs of a student who has worked. */
  readonly runs?: number
  readonly place?: string
  readonly deadline?: number
}

const budget = 2_000_000_000_000_000_000n

/** A server with a class that has been at work for a week: some have not begun, some are done, one has spent all in a loop. Seeded. */
export async function classServing({
  students: count,
  runs = 12,
  place = ':memory:',
  deadline,
}: ClassOptions): Promise<ServedClass> {
  const store = await openStore(place)
  const world = await openWorld('cs336')
  const labels = Array.from({ length: count }, (_, k) => `Student ${k + 1}`)
  const students = await addDrawnKeys(
    store,
    labels.map((label) => ({ label, budget })),
    0,
  )
  const { key: instructor } = await addKey(store, { label: 'Staff', budget: 0n, now: 0, instructor: true })
  for (const [k, { id }] of students.entries()) await work(store, world, id, k, runs)
  const served = await serving({
    ...{
      store,
      backend: simulateBackend(world),
      truth: { loss: (config) => world.loss(config as TrainingConfig), bestLoss: 3 },
    },
    ...(deadline !== undefined && { deadline }),
  })
  return { ...served, students, instructor }
}

const budgets = [1e14, 1e15, 1e16, 3e16, 1e17, 3e17]
const dayMs = 86_400_000

/** What one student did: every seventh nothing yet, every eleventh all of it within minutes. */
async function work(store: Store, world: World, id: string, k: number, most: number): Promise<void> {
  if (k % 7 === 6 || most === 0) return
  const { integer, uniform } = random(17, k)
  const isFast = k % 11 === 3
  const begun = Date.now() - 7 * dayMs * uniform()
  for (let run = 0; run < most; run++) {
    const numHeads = 2 ** (1 + integer(3))
    const config: TrainingConfig = {
      ...{
        dModel: numHeads * Math.ceil(64 / numHeads + integer(40)),
        numLayers: 2 + integer(14),
        numHeads,
        batchSize: 128,
      },
      ...{
        learningRate: 1e-3,
        trainFlops: isFast ? 1e17 : budgets[Math.min(5, Math.floor((6 * run) / most + uniform()))],
      },
    }
    const at = Math.min(Date.now(), Math.round(begun + run * (isFast ? 2_000 : 3 * 3_600_000 * uniform())))
    const reserved = await store.reserve(id, config, integerAsWritten(config.trainFlops), at)
    if (reserved.kind === 'reserved') await store.settle(reserved.ticket, lossOf(world, config), at)
  }
  if (k % 3 !== 0) return
  const config = {
    dModel: 768 + 64 * integer(8),
    numLayers: 12 + integer(8),
    numHeads: 16,
    batchSize: 128,
    learningRate: 1e-3,
    trainFlops: targetFlops,
  }
  await store.submit(
    id,
    { config, predictedLoss: 3 + 0.3 * uniform(), submittedAt: Date.now() - Math.floor(dayMs * uniform()) },
    5,
  )
}

function lossOf(world: World, config: TrainingConfig): number {
  const outcome = outcomeOf(world.observe(config))
  return outcome.kind === 'finished' ? outcome.loss : 12
}
