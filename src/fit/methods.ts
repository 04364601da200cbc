import { type AskedName, methodNames } from './method-names.ts'
import { envelope } from './methods/envelope.ts'
import { huber } from './methods/huber.ts'
import { lowestLog, lowestRaw } from './methods/lowest.ts'
import type { Method } from './methods/method.ts'
import { norm } from './methods/norm.ts'
import { parabola } from './methods/parabola.ts'
import { surface } from './methods/surface.ts'

/** The methods that say which N and D are compute-optimal, in the order of the comparison. */
export const methods = [norm, surface, huber, parabola, lowestLog, lowestRaw, envelope] as const satisfies Method[]

export { type AskedName, askedNames, type MethodName, methodNames } from './method-names.ts'

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
