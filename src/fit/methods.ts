import { envelope } from './methods/envelope.ts'
import { huber } from './methods/huber.ts'
import { lowestLog, lowestRaw } from './methods/lowest.ts'
import type { Method } from './methods/method.ts'
import { norm } from './methods/norm.ts'
import { parabola } from './methods/parabola.ts'
import { surface } from './methods/surface.ts'

/** The methods that say which N and D are compute-optimal, in the order of the comparison. */
export const methods = [norm, surface, huber, parabola, lowestLog, lowestRaw, envelope] as const satisfies Method[]

/** What is fitted unless something is asked for: the methods, and the frontier of the best losses, which has no N and D. */
export const methodNames = [...methods.map(({ name }) => name), 'frontier'] as const
export type MethodName = (typeof methodNames)[number]
/** What `--method` takes: these, and the law of all settings, which is not among the defaults. */
export const askedNames = [...methodNames, 'joint'] as const
export type AskedName = (typeof askedNames)[number]

/** What an analysis is asked for. */
export interface Asked {
  readonly methods: readonly Method[]
  readonly frontier: boolean
  readonly joint: boolean
}

/** What the names stand for, in the order of the comparison; methods that are none of this project's come last. */
export function askedOf(wanted: readonly (AskedName | Method)[] = methodNames): Asked {
  const own = wanted.filter((each) => typeof each !== 'string')
  return {
    methods: [...methods.filter(({ name }) => wanted.includes(name)), ...own],
    frontier: wanted.includes('frontier'),
    joint: wanted.includes('joint'),
  }
}
