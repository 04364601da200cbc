import type { RunningRun } from '../launch/folder-trainer.ts'
import { nats } from '../report/number.ts'
import { cutTo, displayWidth } from '../report/page/width.ts'
import { words } from '../report/words/words.ts'

/** What stays of the text before, where what runs needs the place: the FLOPs that are spent. */
const leastBefore = 20

/** How far a run is. */
export type InTraining = Pick<RunningRun, 'share' | 'loss'>

/**
 * A line of so many columns that ends with how far runs are: each of them where there is room, else from which to which, else the losses alone, else how many. What runs
 * changes every second, so that it goes before the end of the text.
 * @example lineWith('3e11 of 1e12 FLOPs, 12 runs', [{ share: 0.45, loss: 4.213 }], 100) // '3e11 of 1e12 FLOPs, 12 runs; 1 running: 45 % at 4.213'
 */
export function lineWith(text: string, running: readonly InTraining[], columns: number): string {
  if (running.length === 0) return cutTo(text, columns)
  const say = words().campaign
  const room = columns - Math.min(displayWidth(text), leastBefore)
  const ends = [eachOf(running), rangeOf(running), lossesOf(running), ''].map((how) => say.running(running.length, how))
  const end = ends.find((one) => displayWidth(one) <= room) ?? ''
  return cutTo(text, columns - displayWidth(end)) + end
}

const eachOf = (running: readonly InTraining[]): string =>
  running
    .map(({ share, loss }) => progressText(share === null ? '' : percent(share), loss === null ? '' : nats(loss)))
    .join(', ')

const rangeOf = (running: readonly InTraining[]): string =>
  progressText(
    span(
      running.flatMap(({ share }) => share ?? []),
      percent,
    ),
    lossesOf(running),
  )

const lossesOf = (running: readonly InTraining[]): string =>
  span(
    running.flatMap(({ loss }) => loss ?? []),
    nats,
  )

function progressText(share: string, loss: string): string {
  if (share !== '' && loss !== '') return words().campaign.shareAt(share, loss)
  return share || loss || '-'
}

function span(values: readonly number[], text: (value: number) => string): string {
  if (values.length === 0) return ''
  const [from, to] = [text(Math.min(...values)), text(Math.max(...values))]
  return from === to ? from : words().campaign.fromTo(from, to)
}

const percent = (share: number): string => `${Math.floor(100 * share)} %`
