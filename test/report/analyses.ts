import { random } from '../../src/core/random.ts'
import { withLoss } from '../../src/core/run.ts'
import { analyse } from '../../src/fit/analysis.ts'
import type { Analysis } from '../../src/fit/result.ts'
import { handoutRuns } from '../../src/world/handout.ts'

const options = { targets: [1e23, 1e24], resamples: 50, starts: 45, threads: 1 }

/** The handout's runs, without noise. */
export const handout: Analysis = await analyse({ runs: handoutRuns() }, options)

/** The same with normal noise of 0.02 nats. */
export const noisy: Analysis = await analyse({ runs: withNoise(0.02) }, options)

function withNoise(sd: number) {
  const runs = handoutRuns()
  const { normal } = random(1)
  return withLoss(
    runs,
    runs.loss.map((loss) => loss + sd * normal()),
  )
}

/** An analysis in which nothing could be fitted. */
export const nothing: Analysis = {
  ...handout,
  profiles: [],
  methods: handout.methods.map((result) => ({ ...result, unavailable: 'there are too few runs' })),
  frontier: null,
  backtests: [],
  bands: [],
  region: null,
  asymptote: null,
}
