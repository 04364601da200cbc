import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { everyNth, type Runs } from '../core/run.ts'
import { bestOfEnds, descend, type HuberEnd, type HuberFit, type HuberStart, huberStarts, refitHuber } from './huber.ts'

/** Of more runs than this the starts see a part, spread evenly; the minimum they find is then followed on all runs. */
const mostForStarts = 4096

/** Below this many descents times runs a thread costs more to start than it saves. */
const worthThreads = 20_000

export interface HuberOptions {
  /** How many of the 4,500 starts, spread evenly over the grid; all by default. */
  readonly starts?: number | undefined
  /** Worker threads; by default one for each processor. The result does not depend on it. */
  readonly threads?: number | undefined
  /** Told how many of the starts have been followed, as a share. */
  readonly onShare?: ((share: number) => void) | undefined
}

/**
 * Method `huber`: L = E + A / N^alpha + B / D^beta by Huber's loss on ln L, from a grid of 4,500 starts (Hoffmann et al. 2022,
 * approach 3, with the summed objective of Besiroglu et al. 2024). docs/math.md (E6).
 *
 * Null with fewer than six runs or without a usable minimum.
 */
export async function fitHuber(runs: Runs, options: HuberOptions = {}): Promise<HuberFit | null> {
  const starts = huberStarts(options.starts)
  const stride = Math.ceil(runs.size / mostForStarts)
  const sample = stride === 1 ? runs : everyNth(runs, stride)
  const wanted = options.threads ?? availableParallelism()
  const threads = starts.length * sample.size < worthThreads ? 1 : Math.min(wanted, starts.length)
  const ends =
    threads === 1
      ? descend(sample, starts, options.onShare)
      : await descendInThreads(sample, starts, threads, options.onShare)
  const fit = bestOfEnds(sample, ends)
  if (fit === null || stride === 1) return fit
  const followed = refitHuber(runs, fit.law)
  return followed && { ...followed, starts: fit.starts, agreeing: fit.agreeing }
}

/**
 * The ends in the order of the starts, whatever the number of threads. Starts are dealt out in turn, as their cost varies; this
 * thread takes a share too.
 */
async function descendInThreads(
  runs: Runs,
  starts: readonly HuberStart[],
  threads: number,
  onShare: HuberOptions['onShare'],
): Promise<HuberEnd[]> {
  const shares = Array.from({ length: threads }, (_, thread) => starts.filter((_, i) => i % threads === thread))
  const others = shares.slice(1).map((share) => runWorker({ runs, starts: share }))
  const own = descend(runs, shares[0], onShare)
  const ends = [own, ...(await Promise.all(others))]
  return starts.map((_, i) => ends[i % threads][Math.floor(i / threads)])
}

function runWorker(workerData: { runs: Runs; starts: HuberStart[] }): Promise<HuberEnd[]> {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js' // sources in a clone, built files in a package
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(`./huber-worker.${extension}`, import.meta.url), { workerData })
    worker.once('message', resolve)
    worker.once('error', reject)
  })
}
