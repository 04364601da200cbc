import type * as Runtime from 'onnxruntime-web'
import { IsoflopError } from '../core/errors.ts'
import { loadPackage } from '../core/packages.ts'

/** Where graphs run. `cpu` needs nothing else; the others are ONNX Runtime's providers of the same graph. */
export const devices = ['cpu', 'webgpu', 'cuda'] as const
export type Device = (typeof devices)[number]

/** Memory that a graph reads or writes: the array itself, not a copy. */
export interface Binding {
  readonly data: Float32Array | BigInt64Array
  readonly shape: readonly number[]
}

/** Runs a graph once more on the arrays that it was bound to. */
export type Runner = () => Promise<void>

/** ONNX Runtime on a device. */
export interface Engine {
  /** For people: `onnxruntime-node 1.30.0 on cpu, 2 threads`. */
  readonly name: string
  /** What people should know: that this is the slow engine, for one. */
  readonly note: string | null
  /**
   * Loads a graph and binds its inputs and outputs by name. An input and an output may share an array, where the graph
   * reads the one to write the other.
   * @throws IsoflopError DEVICE_UNAVAILABLE where the device cannot run it.
   */
  load(
    graph: Uint8Array,
    inputs: ReadonlyMap<string, Binding>,
    outputs: ReadonlyMap<string, Binding>,
  ): Promise<{ run: Runner; close(): Promise<void> }>
}

/**
 * Opens ONNX Runtime: the native one, or, where it is missing, the WebAssembly one with a note.
 *
 * @throws IsoflopError PACKAGE_MISSING where neither is installed; DEVICE_UNAVAILABLE where neither can be loaded, or the device is not the CPU and
 * there is no native one.
 */
export async function openEngine({ device, threads }: { device: Device; threads: number }): Promise<Engine> {
  const native = await loaded('onnxruntime-node', () => import('onnxruntime-node'))
  if ('runtime' in native) return nativeEngine(native.runtime, device, threads)
  if (device !== 'cpu') throw isMissing(native.error) ? native.error : unavailable(device, reasonOf(native.error))
  // Where neither is installed, the native one is what to install.
  return webEngine(threads, reasonOf(native.error)).catch((error) => {
    throw isMissing(error) && isMissing(native.error) ? native.error : error
  })
}

/** The WebAssembly engine, which runs wherever JavaScript does. `reason` says why it is not the native one. */
export async function webEngine(threads: number, reason: string): Promise<Engine> {
  const web = await loaded('onnxruntime-web', () => import('onnxruntime-web'))
  if ('error' in web) throw isMissing(web.error) ? web.error : unavailable('cpu', `${reason}; ${reasonOf(web.error)}`)
  const { runtime } = web
  runtime.env.wasm.numThreads = threads
  runtime.env.logLevel = 'error'
  return {
    name: `onnxruntime-web ${runtime.env.versions.web} on cpu, ${plural(threads, 'thread')}`,
    note: `onnxruntime-node cannot be loaded (${reason}), so WebAssembly trains, at a third of its speed or less.`,
    async load(graph, inputs, outputs) {
      const session = await runtime.InferenceSession.create(graph, { executionProviders: ['wasm'], ...quiet })
      const feeds = tensors(runtime, inputs)
      return {
        async run() {
          const results = await session.run(feeds, [...outputs.keys()])
          for (const [name, { data }] of outputs) data.set(results[name].data as never)
        },
        close: () => session.release(),
      }
    },
  }
}

function nativeEngine(runtime: typeof Runtime, device: Device, threads: number): Engine {
  return {
    name: `onnxruntime-node ${runtime.env.versions.node ?? ''} on ${device}, ${plural(threads, 'thread')}`,
    note: null,
    async load(graph, inputs, outputs) {
      const options = { executionProviders: [device], intraOpNumThreads: threads, ...quiet }
      const session = await runtime.InferenceSession.create(graph, options).catch((cause: Error) => {
        throw unavailable(device, cause.message, cause)
      })
      const feeds = tensors(runtime, inputs)
      const fetches = tensors(runtime, outputs)
      return {
        async run() {
          await session.run(feeds, fetches)
        },
        close: () => session.release(),
      }
    },
  }
}

/** Errors only: warnings of ONNX Runtime are about nodes that we put where they are. */
const quiet = { logSeverityLevel: 3, graphOptimizationLevel: 'all' } as const

/** Tensors on the bindings' own memory. */
function tensors(runtime: typeof Runtime, bindings: ReadonlyMap<string, Binding>): Record<string, Runtime.Tensor> {
  const made = [...bindings].map(([name, { data, shape }]) => {
    const tensor =
      data instanceof Float32Array
        ? new runtime.Tensor('float32', data, shape)
        : new runtime.Tensor('int64', data, shape)
    return [name, tensor] as const
  })
  return Object.fromEntries(made)
}

async function loaded<T extends object>(
  name: string,
  load: () => Promise<T>,
): Promise<{ runtime: T } | { error: Error }> {
  try {
    const module = await loadPackage(name, load, 'training')
    return { runtime: 'default' in module ? (module.default as T) : module }
  } catch (error) {
    return { error: error as Error }
  }
}

const isMissing = (error: unknown): boolean => error instanceof IsoflopError && error.code === 'PACKAGE_MISSING'

const reasonOf = (error: Error): string => (isMissing(error) ? 'it is not installed' : error.message.split('\n')[0])

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

const unavailable = (device: Device, reason: string, cause?: unknown): IsoflopError =>
  new IsoflopError(
    'DEVICE_UNAVAILABLE',
    `ONNX Runtime cannot train on ${device}: ${brief(reason)}.`,
    device === 'cpu'
      ? 'Run npm install again on this machine; where it is memory that lacks, a smaller model needs less.'
      : 'Leave --device out to train on the CPU.',
    { cause },
  )

/** What ONNX Runtime says, without the place in its source. */
const brief = (reason: string): string =>
  reason
    .trim()
    .replace(/^\/\S+\.cc:\d+ .* was false\. /s, '')
    .replace(/\.$/, '')
