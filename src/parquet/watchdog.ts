import { parentPort, workerData } from 'node:worker_threads'

/** Ends the process that goes beyond its limits, which are [bytes of memory, processor time in ms]: see `process.ts`. */
const limits = workerData as Float64Array
const everyMs = 20

setInterval(() => {
  const { user, system } = process.cpuUsage()
  if (process.memoryUsage.rss() > limits[0] || (user + system) / 1000 > limits[1]) process.kill(process.pid, 'SIGKILL')
}, everyMs)
parentPort?.postMessage('watching')
