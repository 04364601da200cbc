import * as Plot from '@observablehq/plot'
import { extent, linearAxis } from '../../draw/axis.ts'
import { type Figure, onePanel, placesIn } from '../../draw/figure.ts'
import { endLabels, topLabels } from '../../draw/labels.ts'
import type { Mark } from '../../draw/panel.ts'
import { ink, lawColor, muted, truthColor } from '../../draw/style.ts'
import { thin } from '../../draw/thin.ts'
import { momentText, timeAxis } from '../../draw/time.ts'
import { percent } from '../../number.ts'
import { joined } from '../../prose.ts'
import { words } from '../../words/words.ts'

/** A share of a budget that was spent by a time, ms since 1970. */
export interface SpentBy {
  readonly time: number
  readonly share: number
}

/** One student's steps. */
export interface SpendingLine {
  readonly key: string
  readonly label: string
  readonly steps: readonly SpentBy[]
}

/** Who of a class spent what and when. */
export interface ClassSpending {
  readonly students: number
  readonly times: readonly number[]
  /** At each time the shares that a tenth, a quarter, half, three quarters and nine tenths of the students have spent at most. */
  readonly shares: readonly (readonly [number, number, number, number, number])[]
  /** Of each student; empty where they are too many. */
  readonly lines: readonly SpendingLine[]
  /** The student that is looked at. */
  readonly chosen: SpendingLine | null
  /** Until when it is looked at, ms since 1970. */
  readonly until: number
  readonly deadline: number | null
  /** How far the reader's clock is ahead of UTC, ms. */
  readonly zoneMs: number
}

const height = 340
/** Rows of the table, evenly chosen of the times at which somebody spent. */
const mostRows = 40
/** The deadline is drawn where it is this near, as a share of the time that is shown: one far away would press the rest together. */
const nearDeadline = 0.5

type Band = readonly [low: number, high: number]

/** The class's range between two of its five shares, with an end at `until`. */
function bandOf({ times, shares, until }: ClassSpending, [low, high]: Band) {
  const band = times.map((time, k) => ({ time, low: shares[k][low], high: shares[k][high] }))
  return [...band, { ...band[band.length - 1], time: until }]
}

const lastShares = ({ shares }: ClassSpending) => shares[shares.length - 1]

/** A student's line: from nothing, and on until the end as it was last. */
const lineOf = ({ steps }: SpendingLine, { times: [first], until }: ClassSpending): SpentBy[] => [
  { time: first, share: 0 },
  ...steps,
  { time: until, share: steps.at(-1)?.share ?? 0 },
]

const medianOf = ({ times, shares, until }: ClassSpending): SpentBy[] => [
  ...times.map((time, k) => ({ time, share: shares[k][2] })),
  { time: until, share: shares[shares.length - 1][2] },
]

/** What can be pointed at: the steps of the lines; where there are none, the median's. */
export interface SpendingPoint extends SpentBy {
  /** Null of the class. */
  readonly line: SpendingLine | null
}

export const spendingPoints = (subject: ClassSpending): SpendingPoint[] =>
  subject.lines.length > 0
    ? subject.lines.flatMap((line) => line.steps.map((step) => ({ ...step, line })))
    : medianOf(subject).map((step) => ({ ...step, line: null }))

const deadlineIn = ({ times, until, deadline }: ClassSpending): number | null =>
  deadline !== null && deadline >= times[0] && deadline <= until + nearDeadline * (until - times[0]) ? deadline : null

const place = { x: 'time', y: 'share', curve: 'step-after' } as const

const endOf = (steps: readonly SpentBy[]): number => steps[steps.length - 1].share

function marksOf(subject: ClassSpending): Mark[] {
  const { lines, chosen, until } = subject
  const drawn = lines.flatMap((line) => lineOf(line, subject).map((step) => ({ ...step, key: line.key })))
  const band = (which: Band, opacity: number) =>
    Plot.areaY(bandOf(subject, which), {
      ...{ x: 'time', y1: 'low', y2: 'high', curve: 'step-after' },
      ...{ fill: lawColor, fillOpacity: opacity },
    })
  const median = medianOf(subject)
  const deadline = deadlineIn(subject)
  const say = words().classFigures.spending
  return [
    band([0, 4], 0.18),
    band([1, 3], 0.28),
    Plot.line(drawn, {
      ...place,
      z: 'key',
      stroke: muted,
      strokeWidth: 0.8,
      strokeOpacity: lines.length > 40 ? 0.3 : 0.5,
    }),
    Plot.line(median, { ...place, stroke: ink, strokeWidth: 2.4 }),
    chosen === null
      ? null
      : Plot.line(lineOf(chosen, subject), {
          ...place,
          stroke: truthColor,
          strokeWidth: 2,
          strokeDasharray: '6 3',
        }),
    deadline === null ? null : Plot.ruleX([deadline], { stroke: ink, strokeDasharray: '2 3' }),
    endLabels([
      { x: until, y: endOf(median), text: say.median, color: ink },
      ...(chosen ? [{ x: until, y: endOf(lineOf(chosen, subject)), text: say.chosen, color: truthColor }] : []),
    ]),
    deadline === null ? null : topLabels([{ x: deadline, text: say.deadline }]),
  ].filter((mark) => mark !== null)
}

/** What a class has spent over time, as shares of budgets. */
export const spending: Figure<ClassSpending> = {
  name: 'class-spending',
  get title() {
    return words().classFigures.spending.title
  },
  caption(subject) {
    const say = words().classFigures.spending
    return joined(say.caption, subject.lines.length > 0 && say.each, deadlineIn(subject) !== null && say.dotted)
  },
  alt(subject) {
    const { students, times, until, zoneMs } = subject
    const [tenth, , median, , ninth] = lastShares(subject).map((share) => percent(share))
    return words().classFigures.spending.alt(
      ...([students, momentText(times[0], zoneMs), momentText(until, zoneMs)] as const),
      ...([median, tenth, ninth] as const),
    )
  },
  table: ({ times, shares, zoneMs }) => {
    const say = words().classFigures.spending
    return {
      columns: [say.time, say.tenth, say.median, say.ninth],
      rows: thin([...times.keys()], mostRows).map((k) => [
        momentText(times[k], zoneMs),
        ...[shares[k][0], shares[k][2], shares[k][4]].map((share) => percent(Number(share.toFixed(3)))),
      ]),
    }
  },
  places: (subject, drawing) =>
    placesIn(
      drawing,
      0,
      spendingPoints(subject).map(({ time, share }, run) => ({ run, x: time, y: share })),
    ),
  draw(subject) {
    const { times, shares, lines, chosen, until, zoneMs } = subject
    if (times.length === 0) return null
    const all = [...lines, ...(chosen ? [chosen] : [])].flatMap(({ steps }) => steps.map(({ share }) => share))
    const greatest = extent([...shares.map((five) => five[4]), ...all, 0.1])![1]
    const say = words().classFigures.spending
    return onePanel({
      height,
      margin: { top: 30, right: 76, bottom: 52, left: 52 },
      x: timeAxis(say.time, [times[0], Math.max(until, deadlineIn(subject) ?? until)], zoneMs),
      y: { ...linearAxis(say.share, [0, greatest], { pad: 0.02, most: 6 }), format: (share) => percent(share) },
      marks: marksOf(subject),
    })
  },
}
