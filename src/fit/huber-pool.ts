import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { type Runs, selectRuns } from '../core/run.ts'
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
  const sample =
    stride === 1
      ? runs
      : selectRuns(
          runs,
          Array.from({ length: Math.ceil(runs.size / stride) }, (_, k) => k * stride),
        )
  const wanted = options.threads ?? availableParallelism()
  const threads = starts.length * sample.size < worthThreads ? 1 : Math.min(wanted, starts.length)
  const ends = threads === 1 ? descend(sample, starts) : await descendInThreads(sample, starts, threads)
  const fit = bestOfEnds(sample, ends)
  if (fit === null || stride === 1) return fit
  const followed = refitHuber(runs, fit.law)
  return followed && { ...followed, starts: fit.starts, agreeing: fit.agreeing }
}

/** The ends in the order of the starts, whatever the number of threads. Starts are dealt out in turn, as their cost varies. */
async function descendInThreads(runs: Runs, starts: readonly HuberStart[], threads: number): Promise<HuberEnd[]> {
  const ends: HuberEnd[] = new Array(starts.length)
  const share = (thread: number) => starts.map((_, i) => i).filter((i) => i % threads === thread)
  const work = Array.from({ length: threads }, async (_, thread) => {
    const mine = share(thread)
    const results = await runWorker({ runs, starts: mine.map((i) => starts[i]) })
    for (const [k, i] of mine.entries()) ends[i] = results[k]
  })
  await Promise.all(work)
  return ends
}

function runWorker(workerData: { runs: Runs; starts: HuberStart[] }): Promise<HuberEnd[]> {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js' // sources in a clone, built files in a package
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(`./huber-worker.${extension}`, import.meta.url), { workerData })
    worker.once('message', resolve)
    worker.once('error', reject)
  })
}
