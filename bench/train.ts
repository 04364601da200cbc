/**
 * Whole training steps, dropout, AdamW and clipping included, beside PyTorch's in the same run: tokens per second, peak memory,
 * and the part of the machine's speed in matrix products that is reached. Each turn is a process of its own, and ours comes
 * before and after PyTorch's, so that a machine that slows down does so for both.
 * `npm run bench:train [-- --seconds 6 --rounds 3 --shapes 64x4x4,128x4x4,256x6x8 --threads 2 --pass 1 --at-once 2 --json]`: all is measured in every round, and
 * median and range of the rounds are printed. PYTHON names the Python that has torch (python3); without torch ours is measured alone.
 * Compiling takes PyTorch up to a minute in each turn.
 */
import { spawnSync } from 'node:child_process'
import { loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { systemClock } from '../src/core/clock.ts'
import { random } from '../src/core/random.ts'
import { contextLength, vocabularySize } from '../src/cs336/limits.ts'
import type { Sequence } from '../src/gpt/batches.ts'
import { openEngine } from '../src/gpt/engine.ts'
import { gemmPeak } from '../src/gpt/gemm-peak.ts'
import type { ModelShape } from '../src/gpt/model.ts'
import { initialState, layoutOf } from '../src/gpt/state.ts'
import { cutFor } from '../src/gpt/step-graph.ts'
import { openTrainer } from '../src/gpt/trainer.ts'
import { median } from '../src/numeric/quantile.ts'
import {
  loadWarning,
  machine,
  roundsOf,
  roundsOption,
  type Spread,
  spreadOf,
  spreadText,
  underWatch,
} from './rounds.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '6' },
    ...roundsOption,
    shapes: { type: 'string', default: '64x4x4,128x4x4,256x6x8' },
    threads: { type: 'string', default: '2' },
    sequences: { type: 'string', default: '8' },
    /** Sequences that go through PyTorch's model at a time, as one does through ours; its fastest on two processors. */
    pass: { type: 'string', default: '1' },
    /** Sequences that go through our graph at a time, where it is not what `cutFor` says. */
    'at-once': { type: 'string' },
    json: { type: 'boolean', default: false },
    /** Measures ours on this shape, in this process: what the others start. */
    ours: { type: 'string' },
  },
})
const seconds = Number(values.seconds)
const threads = Number(values.threads)
const sequences = Number(values.sequences)
const python = process.env.PYTHON ?? 'python3'

const modes = ['eager', 'compile', 'compile+bf16'] as const
type Mode = (typeof modes)[number]

/** What is to be reached, by shape: times PyTorch's speed, and memory in GB. */
const targets: Readonly<Record<string, { eager: number; best: number; memory: number }>> = {
  '64x4x4': { eager: 4, best: 1.6, memory: 1.5 },
  '128x4x4': { eager: 3.5, best: 1.25, memory: 1.8 },
  '256x6x8': { eager: 2.2, best: 1.1, memory: 2.6 },
}

/** One turn of one side. */
interface Turn {
  /** Of each step. */
  readonly seconds: readonly number[]
  /** The most memory that it had at once, bytes. */
  readonly rss: number
}

interface OurTurn extends Turn {
  /** FLOP/s of matrix products, over those in large ones alone. */
  readonly gemmFraction: number
}

/** d_model x layers x heads. */
function shapeOf(name: string): ModelShape {
  const [dModel, numLayers, numHeads] = name.split('x').map(Number)
  return { dModel, numLayers, numHeads, vocabularySize, contextLength }
}

/** Text without any sense: it costs the same. */
function drawnSequences(): Sequence[] {
  const { integer } = random(0)
  return Array.from({ length: sequences }, () => {
    const text = Uint16Array.from({ length: contextLength + 1 }, () => integer(vocabularySize))
    return { ids: text.subarray(0, contextLength), targets: text.subarray(1) }
  })
}

async function measureOurs(shape: ModelShape): Promise<OurTurn> {
  const engine = await openEngine({ device: 'cpu', threads })
  const usual = cutFor(shape, sequences)
  const cut = { ...usual, sequences: Number(values['at-once'] ?? usual.sequences) }
  const state = initialState(layoutOf(shape), 0)
  const trainer = await openTrainer(engine, { shape, cut, state, seed: 0, dropout: true })
  const batch = drawnSequences()
  const times: number[] = []
  let begun = 0
  for (let step = 1; times.length < 3 || performance.now() - begun < 1000 * seconds; step++) {
    const before = performance.now()
    await trainer.step({ sequences: batch, step, learningRate: 1e-3 })
    if (step === 1)
      begun = performance.now() // which does not count
    else times.push((performance.now() - before) / 1000)
  }
  await trainer.close()
  const rss = process.resourceUsage().maxRSS * 1024
  const flops = (trainer.sequenceFlops * sequences) / median(times)
  return { seconds: times, rss, gemmFraction: flops / (await gemmPeak(engine, systemClock)) }
}

/** Runs a program that prints a turn as JSON. */
function turn<T extends Turn>(program: string, args: readonly string[]): T {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 2 ** 26 })
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout)
}

const ourTurn = (name: string): OurTurn => {
  const options = [
    '--ours',
    name,
    '--seconds',
    values.seconds,
    '--threads',
    values.threads,
    '--sequences',
    values.sequences,
    ...(values['at-once'] === undefined ? [] : ['--at-once', values['at-once']]),
  ]
  return turn(process.execPath, [fileURLToPath(import.meta.url), ...options])
}

/** PyTorch has twice the time: its steps are longer, and it has one turn where we have two. Null where it cannot compile. */
function torchTurn(mode: Mode, name: string): Turn | null {
  const script = fileURLToPath(new URL('train.py', import.meta.url))
  const pass = Number(values.pass)
  const sizes = [...name.split('x'), vocabularySize, contextLength, sequences, threads, 2 * seconds, pass]
  try {
    return turn(python, [script, mode, ...sizes.map(String)])
  } catch (error) {
    console.error(`${mode}: ${(error as Error).message.trimEnd().split('\n').at(-1)}`)
    return null
  }
}

const torchVersion = (): string | null => {
  const { status, stdout } = spawnSync(python, ['-c', 'import torch; print(torch.__version__)'], { encoding: 'utf8' })
  return status === 0 ? stdout.trim() : null
}

/** What one side reached in a round, of its turns put together. */
interface Reached {
  readonly tokensPerSecond: number
  readonly steps: number
  readonly rss: number
}

function reached(turns: readonly Turn[]): Reached {
  const times = turns.flatMap((one) => one.seconds)
  return {
    tokensPerSecond: (sequences * contextLength) / median(times),
    steps: times.length,
    rss: Math.max(...turns.map(({ rss }) => rss)),
  }
}

/** One round of a shape: ours, each of PyTorch's modes, ours. */
function roundOf(name: string, torch: boolean) {
  const first = ourTurn(name)
  const theirs = (torch ? modes : []).flatMap((mode) => {
    const one = torchTurn(mode, name)
    return one === null ? [] : [{ mode, ...reached([one]) }]
  })
  const ours = [first, ourTurn(name)]
  return { ours: { ...reached(ours), gemmFraction: median(ours.map(({ gemmFraction }) => gemmFraction)) }, theirs }
}
type Round = ReturnType<typeof roundOf>

/** A side over the rounds: tokens per second, our speed over it, the most memory. */
function side(rounds: readonly { ours: Reached; side: Reached }[]) {
  return {
    tokensPerSecond: spreadOf(rounds.map(({ side }) => side.tokensPerSecond)),
    ratio: spreadOf(rounds.map(({ ours, side }) => ours.tokensPerSecond / side.tokensPerSecond)),
    steps: rounds.reduce((sum, { side }) => sum + side.steps, 0),
    rss: Math.max(...rounds.map(({ side }) => side.rss)),
  }
}

/** All rounds of a shape. */
function compared(name: string, rounds: readonly Round[]) {
  const of = (mode: Mode) =>
    rounds.flatMap(({ ours, theirs }) => theirs.filter((one) => one.mode === mode).map((one) => ({ ours, side: one })))
  return {
    shape: name,
    ours: {
      ...side(rounds.map(({ ours }) => ({ ours, side: ours }))),
      gemmFraction: spreadOf(rounds.map(({ ours }) => ours.gemmFraction)),
    },
    torch: modes.filter((mode) => of(mode).length > 0).map((mode) => ({ mode, ...side(of(mode)) })),
  }
}
type Comparison = ReturnType<typeof compared>

const cells = (...texts: readonly string[]) =>
  console.log(texts.map((text, i) => text.padEnd([9, 14, 25, 7, 10][i] ?? 0)).join(' '))

function print({ shape, ours, torch }: Comparison): void {
  const target = targets[shape]
  const numbers = ({ tokensPerSecond, steps, rss }: { tokensPerSecond: Spread; steps: number; rss: number }) => [
    spreadText(tokensPerSecond, (value) => Math.round(value).toLocaleString('en')),
    String(steps),
    `${(rss / 1e9).toFixed(2)} GB`,
  ]
  const reach = (text: string) => (target ? `; to reach: ${text}` : '')
  const gemm = `${spreadText(ours.gemmFraction, (value) => `${Math.round(100 * value)} %`)} of large products' speed`
  cells(shape, 'isoflop', ...numbers(ours), `${gemm}${reach(`${target?.memory} GB`)}`)
  for (const one of torch) {
    const ratio = `isoflop: ${spreadText(one.ratio, (value) => `${value.toFixed(2)}x`)}`
    const wanted = { eager: target?.eager, compile: null, 'compile+bf16': target?.best }[one.mode]
    cells('', one.mode, ...numbers(one), `${ratio}${wanted ? reach(`${wanted}x`) : ''}`)
  }
}

async function main(): Promise<void> {
  if (values.ours !== undefined) return console.log(JSON.stringify(await measureOurs(shapeOf(values.ours))))
  const version = torchVersion()
  const rounds = roundsOf(values.rounds)
  const torch = version === null ? `${python} has no torch: no comparison` : `PyTorch ${version}`
  const about = `${threads} threads, steps of ${sequences} x ${contextLength} tokens, ${vocabularySize} words; rounds: ${rounds}; ${torch}`
  const begun = { machine: machine(), warning: loadWarning() }
  const comparisons: Comparison[] = []
  const measure = async () => {
    if (!values.json) cells('shape', '', 'tokens/s', 'steps', 'memory')
    for (const name of values.shapes.split(',')) {
      const of = Array.from({ length: rounds }, () => roundOf(name, version !== null))
      comparisons.push(compared(name, of))
      if (!values.json) print(comparisons[comparisons.length - 1])
    }
  }
  if (!values.json) return underWatch(console.log, about, measure)
  await measure()
  const setting = { ...begun, loadAfter: loadavg()[0], rounds, threads, sequences, torch: version }
  console.log(JSON.stringify({ ...setting, comparisons, targets }, null, 1))
}

await main()
