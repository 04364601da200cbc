import { type Diagnostic, short, warning } from '../../core/diagnostic.ts'
import { unitsOf } from '../../core/run.ts'
import type { Subject } from './subject.ts'

/** Targets far beyond the runs, and methods that disagree there. */
export function ofTargets(subject: Subject): Diagnostic[] {
  const { headline, targets } = subject
  if (!headline.determined) return []
  const target = Math.max(...targets)
  return [...farExtrapolation(subject, target), ...disagreement(subject, target)]
}

function farExtrapolation({ runs }: Subject, target: number): Diagnostic[] {
  const largest = runs.flops.reduce((high, C) => Math.max(high, C))
  if (!(target > 100 * largest)) return []
  return [
    warning(
      'far-extrapolation',
      `The target ${short(target)} FLOPs is ${short(target / largest)} times the largest budget.`,
      { target, largest, ratio: target / largest },
      'Treat the interval as a lower bound on what can go wrong: it supposes that the law goes on.',
    ),
  ]
}

/** Methods that disagree about N by less than this in loss do not matter, nats. */
const noticeable = 0.002

function disagreement({ assessments, runs }: Subject, target: number): Diagnostic[] {
  const sizes = assessments.flatMap(({ method: { name, isRough }, result }) => {
    const there = isRough ? undefined : result.predictions.find(({ flops }) => flops === target)
    return there ? [{ method: name, parameters: there.parameters, excessLoss: there.excessLoss }] : []
  })
  if (sizes.length < 2) return []
  const low = sizes.reduce((a, b) => (b.parameters < a.parameters ? b : a))
  const high = sizes.reduce((a, b) => (b.parameters > a.parameters ? b : a))
  const cost = Math.max(...sizes.map(({ excessLoss }) => excessLoss ?? Number.POSITIVE_INFINITY))
  if (high.parameters <= 1.2 * low.parameters || cost <= noticeable) return []
  return [
    warning(
      'laws-disagree',
      `At ${short(target)} FLOPs ${low.method} says N = ${short(low.parameters)} and ${high.method} N = ${short(high.parameters)}, ` +
        `${(high.parameters / low.parameters).toFixed(2)} times as much` +
        `${Number.isFinite(cost) ? `; the worst choice costs ${short(cost)} ${unitsOf(runs).difference} by the law that leads` : ''}.`,
      { target, sizes },
      'Prefer norm: surface and huber tie the valley to the frontier, and parabolas lean where a profile is wide or off-centre.',
    ),
  ]
}
