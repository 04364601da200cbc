import { parentPort, workerData } from 'node:worker_threads'
import type { Runs } from '../core/run.ts'
import { descend, type HuberStart } from './huber.ts'

const { runs, starts } = workerData as { runs: Runs; starts: HuberStart[] }
parentPort?.postMessage(descend(runs, starts))
