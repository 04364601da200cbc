import { refitHuber } from '../huber.ts'
import { fitHuber } from '../huber-pool.ts'
import { fewestForSurface } from '../surface.ts'
import { inFlops, type Method, plain, type Refits } from './method.ts'
import { tooFewForSurface } from './surface.ts'

/** The additive law by Huber's loss on logarithms, from many starts (huber-pool.ts). */
export const huber: Method<'huber'> = {
  name: 'huber',
  async fit(data, options) {
    const { runs } = data
    if (runs.size < fewestForSurface) return tooFewForSurface(runs.size)
    const estimate = await fitHuber(runs, options)
    if (estimate === null) return 'no start ended at a law with falling loss in N and in D'
    const { objective, starts, agreeing, law } = estimate
    const replicas: Refits = {
      kind: 'refits',
      refit: (sample) => refitHuber(sample.runs, law, sample.weights),
    }
    return inFlops({ ...plain, estimate, objective: { value: objective, starts, agreeing }, replicas }, data)
  },
}
