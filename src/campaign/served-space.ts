import type { ApiAbout } from '../client/runs.ts'
import type { Config } from '../core/config.ts'
import { IsoflopError } from '../core/errors.ts'
import { apiSpace, isCourse } from '../cs336/space.ts'
import type { Space } from '../space/space.ts'

/**
 * Makes sure that a server and a campaign mean the same by a configuration, before anything is asked. Gives whether the server has the second version; one
 * without it has the course's models.
 * @throws IsoflopError SPACE_DIFFERS.
 */
export function expectSpace<C extends Config>(space: Space<C>, about: ApiAbout | null, address: string): boolean {
  const there = about?.space ?? null
  if (isCourse(space)) {
    if (there !== null && there.name !== apiSpace.name) throw differs(address, there.fingerprint, "the course's")
    return about !== null
  }
  if (there?.fingerprint !== space.runsFingerprint)
    throw differs(address, there === null ? 'the course' : there.fingerprint, `those of ${space.runsFingerprint}`)
  const missing = space.trainFlops.filter((flops) => there.trainFlops?.includes(flops) === false)
  if (missing.length > 0 && there.trainFlops !== null) throw otherFlops(address, missing, there.trainFlops)
  return true
}

const differs = (address: string, served: string, own: string): IsoflopError =>
  new IsoflopError(
    'SPACE_DIFFERS',
    `${address} makes runs of the space ${served}; the campaign's are ${own}.`,
    served.includes('/') && !served.startsWith(`${apiSpace.name}/`)
      ? `Give --space the file that the server has; ${address}/v2/space shows it.`
      : 'Leave --space out, or start a server that has the file: isoflop serve --space FILE.',
  )

const otherFlops = (address: string, missing: readonly number[], served: readonly number[]): IsoflopError =>
  new IsoflopError(
    'SPACE_DIFFERS',
    `${address} takes no runs of ${missing.slice(0, 3).join(', ')} FLOPs, which the campaign may ask for.`,
    `Give the FLOPs that the server takes: --train-flops-grid ${served.map((flops) => flops.toExponential().replace('+', '')).join(',')}`,
  )
