import type { Clock } from '../core/clock.ts'
import { printable } from '../core/printable.ts'
import { cutTo } from '../report/page/width.ts'
import { lineWidth, takesEscapes } from './terminal.ts'

/** One line on the terminal that says what is being done; nothing where output is none, or takes no escapes. */
export interface Progress {
  step(name: string): void
  /** Clears the line. */
  done(): void
}

/** A progress line on a stream, silent when `quiet` or when the stream is no terminal. */
export function progress(stream: NodeJS.WriteStream, quiet: boolean): Progress {
  return progressLine(stream, quiet, (name) => `fitting: ${name} ...`)
}

/** A line on a stream that is drawn again and again; nothing where it is no terminal. */
export function progressLine(stream: NodeJS.WriteStream, quiet: boolean, textOf: (name: string) => string): Progress {
  if (quiet || !takesEscapes(stream)) return { step: () => {}, done: () => {} }
  let shown = false
  return {
    step(name) {
      stream.write(`\r\x1b[K${cutTo(printable(textOf(name)), lineWidth(stream))}`)
      shown = true
    },
    done() {
      if (shown) stream.write('\r\x1b[K')
      shown = false
    },
  }
}

/** Work of a known amount, as far as it is done. */
export interface Work {
  readonly name: string
  readonly done: number
  readonly total: number
}

export interface WorkProgress {
  step(work: Work): void
  /** Clears the line. */
  done(): void
}

const redrawMs = 200

/** A progress line with rate and time left, drawn five times a second at most: `encoding: 1.20 of 9.81 GB, 18.3 MB/s, 8 min left`. */
export function workProgress(
  stream: NodeJS.WriteStream,
  quiet: boolean,
  clock: Clock,
  unitOf: (name: string) => 'bytes' | 'tokens',
): WorkProgress {
  const shown = progressLine(stream, quiet, (text) => text)
  let begun: { readonly work: Work; readonly at: number } | null = null
  let drawn = Number.NEGATIVE_INFINITY
  return {
    step(work) {
      const now = clock.now()
      if (begun?.work.name !== work.name) begun = { work, at: now }
      else if (now - drawn < redrawMs) return
      drawn = now
      shown.step(workText(work, (work.done - begun.work.done) / (now - begun.at), unitOf(work.name)))
    },
    done: shown.done,
  }
}

/** Work in words; the rate is per millisecond and may be unknown. */
function workText({ name, done, total }: Work, rate: number, unit: 'bytes' | 'tokens'): string {
  const amounts = unit === 'bytes' ? bytesOf(done, total) : `${done} of ${total} tokens`
  if (!(rate > 0 && Number.isFinite(rate))) return `${name}: ${amounts}`
  const speed = unit === 'bytes' ? `, ${(rate / 1e3).toFixed(1)} MB/s` : ''
  return `${name}: ${amounts}${speed}, ${duration((total - done) / rate / 1e3)} left`
}

function bytesOf(done: number, total: number): string {
  const [unit, size] = total >= 1e9 ? (['GB', 1e9] as const) : (['MB', 1e6] as const)
  return `${(done / size).toFixed(2)} of ${(total / size).toFixed(2)} ${unit}`
}

/** A time to wait: `40 s`, `8 min`, `2.5 h`. */
export function duration(seconds: number): string {
  if (seconds < 100) return `${Math.ceil(seconds)} s`
  const minutes = seconds / 60
  return minutes < 100 ? `${Math.ceil(minutes)} min` : `${(minutes / 60).toFixed(1)} h`
}
