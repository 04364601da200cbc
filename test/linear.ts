import assert from 'node:assert/strict'

/** A quadratic parser takes four times as long for twice the input, a linear one twice as long; noise may add to that. */
const steepest = 3
/** Where both sizes are read faster than this, ms, their ratio is noise and no one is kept waiting. */
const soon = 4
/** No parser in these tests may keep anybody waiting longer than this, ms, however it grows. */
const longestMs = 5_000
const rounds = 3
const tries = 5

/**
 * Asserts that work on inputs of n and 2n grows by a factor well below 4. It is processor time that counts, as a neighbour on the machine
 * doubles the time by the clock; the least of three interleaved rounds each, after one to warm up, and up to five tries at n, then at 2n.
 */
export async function assertLinear(
  what: string,
  n: number,
  inputOf: (n: number) => unknown,
  work: (input: never) => unknown,
): Promise<void> {
  const ratios: number[] = []
  // On a busy machine caches make a leap look steep; what is quadratic is steep at the next doubling, too.
  for (const size of [n, 2 * n]) {
    const inputs = [inputOf(size), inputOf(2 * size)] as never[]
    await work(inputs[0])
    for (let i = 0; i < tries; i++) {
      const [one, two] = await leastCpuMs(what, inputs, work)
      ratios.push(two / Math.max(one, soon))
      if (ratios[ratios.length - 1] < steepest) return
    }
  }
  assert.fail(`${what}: twice the input takes ${ratios.map((ratio) => ratio.toFixed(1)).join(', ')} times as long`)
}

async function leastCpuMs(what: string, inputs: readonly never[], work: (input: never) => unknown): Promise<number[]> {
  const times = inputs.map(() => Number.POSITIVE_INFINITY)
  for (let round = 0; round < rounds; round++)
    for (const [k, input] of inputs.entries()) {
      const before = process.cpuUsage()
      await work(input)
      const { user, system } = process.cpuUsage(before)
      const elapsed = (user + system) / 1000
      assert.ok(elapsed < longestMs, `${what}: ${Math.round(elapsed)} ms for one input`)
      times[k] = Math.min(times[k], elapsed)
    }
  return times
}

/** What came of it does not matter here, an error of the right kind included. */
export const ignoringErrors =
  (work: (input: string) => unknown) =>
  async (input: string): Promise<void> => {
    try {
      await work(input)
    } catch (error) {
      assert.equal((error as Error).name, 'IsoflopError', String((error as Error).stack))
    }
  }
