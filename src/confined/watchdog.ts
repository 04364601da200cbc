import { parentPort, workerData } from 'node:worker_threads'

/** Ends the process that goes beyond its limits: see `limits.ts`. */
const limits = workerData as Float64Array
const everyMs = 20

setInterval(() => {
  const [memory, cpuMs, lateCpuMs, late] = limits
  const { user, system } = process.cpuUsage()
  const mostCpuMs = process.uptime() > late ? lateCpuMs : cpuMs
  if (process.memoryUsage.rss() > memory || (user + system) / 1000 > mostCpuMs) process.kill(process.pid, 'SIGKILL')
}, everyMs)
parentPort?.postMessage('watching')
