import { ThinnedCurve } from '../core/curve.ts'
import type { CurvePoint } from '../core/trainer.ts'
import type { Recipe } from './recipe.ts'
import type { StepReport } from './train.ts'

/** The curve of a training, of its steps in order. Its loss is the average that a training answers with by default: single steps scatter. */
export interface StepCurve {
  readonly isEmpty: boolean
  add(step: StepReport): void
  addAll(steps: readonly StepReport[]): void
  points(): readonly CurvePoint[]
}

export function curveOf({ config, shape }: Recipe): StepCurve {
  const curve = new ThinnedCurve()
  const add = ({ step, average: loss }: StepReport) =>
    curve.add({ step, tokens: step * config.batchSize * shape.contextLength, loss })
  return {
    get isEmpty() {
      return curve.points().length === 0
    },
    add,
    addAll: (steps) => steps.forEach(add),
    points: () => curve.points(),
  }
}
