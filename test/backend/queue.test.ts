import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fairQueue } from '../../src/backend/queue.ts'
import { deferred } from '../../src/core/deferred.ts'

/** Who asks for which job, and how many jobs end before the next one asks. */
const asks = fc.array(
  fc.record({
    asker: fc.constantFrom('a', 'b', 'c', null),
    name: fc.constantFrom(...Array.from({ length: 12 }, (_, k) => `job${k}`)),
    ends: fc.nat(2),
  }),
  { maxLength: 40 },
)

/** Lets promises that are settled tell those that wait for them. */
const settle = () => new Promise((resolve) => setImmediate(resolve))

test('every job is done once for all who ask, at most so many at a time, and gives each its result', async () => {
  await fc.assert(
    fc.asyncProperty(asks, fc.integer({ min: 1, max: 3 }), async (script, atOnce) => {
      const queue = fairQueue<string>(atOnce)
      const running: { name: string; end: () => void }[] = []
      const work = (name: string) => () =>
        new Promise<string>((resolve) => {
          assert.ok(!running.some((job) => job.name === name), `${name} runs twice at a time`)
          running.push({ name, end: () => resolve(`result of ${name}`) })
          assert.ok(running.length <= atOnce)
        })
      const answers: Promise<unknown>[] = []
      for (const { asker, name, ends } of script) {
        answers.push(queue.ask(name, asker, work(name)).then((result) => assert.equal(result, `result of ${name}`)))
        for (let k = 0; k < ends; k++) running.shift()?.end()
        await settle()
        assert.equal(queue.running, running.length)
        assert.ok(queue.waiting === 0 || queue.running === atOnce, 'a worker idles')
      }
      while (running.length > 0) {
        running.shift()!.end()
        await settle()
      }
      await Promise.all(answers)
      assert.deepEqual([queue.waiting, queue.running], [0, 0])
    }),
  )
})

test('while an asker waits no other one has two turns, its own jobs keep their order, and idle work comes last', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom('a', 'b', 'c', null), { maxLength: 30 }), async (askers) => {
      const queue = fairQueue<null>(1)
      const started: { asker: string | null; k: number }[] = []
      const gate = deferred<null>()
      const first = queue.ask('first', 'z', () => gate.promise)
      const answers = askers.map((asker, k) =>
        queue.ask(`${asker} ${k}`, asker, async () => {
          started.push({ asker, k })
          return null
        }),
      )
      gate.resolve(null)
      await Promise.all([first, ...answers])
      const jobsOf = (asker: string | null) => started.filter((job) => job.asker === asker).map(({ k }) => k)
      for (const asker of ['a', 'b', 'c', null])
        assert.deepEqual(
          jobsOf(asker),
          [...jobsOf(asker)].sort((p, q) => p - q),
        )
      const idle = started.findIndex(({ asker }) => asker === null)
      assert.ok(idle < 0 || started.slice(idle).every(({ asker }) => asker === null))
      started.forEach(({ asker }, place) => {
        if (asker === null) return
        const before = started.slice(0, place).map((job) => job.asker)
        const since = before.slice(before.lastIndexOf(asker) + 1)
        assert.equal(new Set(since).size, since.length, `${asker} waited for two turns of another`)
      })
    }),
  )
})

test("a job of somebody's long line starts with the first turn of another who asks for it", async () => {
  const queue = fairQueue<null>(1)
  const started: string[] = []
  const ask = (asker: string | null, name: string) =>
    queue.ask(name, asker, async () => {
      started.push(name)
      return null
    })
  const heavy = Array.from({ length: 10 }, (_, k) => ask('heavy', `job${k}`))
  await Promise.all([...heavy, ask(null, 'idle'), ask('light', 'job9'), ask('light', 'idle')])
  assert.deepEqual(started.slice(0, 5), ['job0', 'job1', 'job9', 'job2', 'idle'])
})

test('a job that fails tells all who asked, and can be asked for again', async () => {
  const queue = fairQueue<number>(1)
  const fail = () => Promise.reject(new Error('no memory'))
  const asked = await Promise.allSettled([queue.ask('x', 'a', fail), queue.ask('x', 'b', fail)])
  assert.deepEqual(
    asked.map(({ status }) => status),
    ['rejected', 'rejected'],
  )
  assert.equal(await queue.ask('x', 'a', async () => 3), 3)
})

test('closing rejects what waits and what comes, and waits for what runs', async () => {
  const queue = fairQueue<number>(1)
  const gate = deferred<number>()
  const runs = queue.ask('runs', 'a', () => gate.promise)
  const waits = assert.rejects(
    queue.ask('waits', 'a', async () => 2),
    /stopped/,
  )
  let isClosed = false
  const closed = queue.close(new Error('stopped')).then(() => {
    isClosed = true
  })
  await waits
  await assert.rejects(
    queue.ask('comes', 'a', async () => 3),
    /stopped/,
  )
  assert.equal(isClosed, false)
  gate.resolve(1)
  await closed
  assert.equal(await runs, 1)
})

test('who leaves gets no result, what everybody has left does not start, and what runs then is told to end', async () => {
  const script = fc.array(
    fc.record({
      asker: fc.constantFrom('a', 'b', null),
      name: fc.constantFrom('p', 'q', 'r', 's'),
      does: fc.constantFrom('stays', 'leaves later', 'leaves at once'),
    }),
    { minLength: 1, maxLength: 20 },
  )
  await fc.assert(
    fc.asyncProperty(script, fc.integer({ min: 1, max: 2 }), async (asks, atOnce) => {
      const queue = fairQueue<string>(atOnce)
      const gate = deferred<void>()
      const begun: string[] = []
      const left = new Set<string>()
      const work = (name: string) => async (signal: AbortSignal) => {
        begun.push(name)
        signal.addEventListener('abort', () => left.add(name))
        await Promise.race([gate.promise, new Promise((resolve) => signal.addEventListener('abort', resolve))])
        return signal.aborted ? `${name} ended early` : name
      }
      const guests = asks.map(({ asker, name, does }) => {
        const leaving = new AbortController()
        const signal = does === 'stays' ? undefined : leaving.signal
        const result = queue.ask(name, asker, work(name), { signal }).then(
          (value) => value,
          (error) => (error === leaving.signal.reason ? 'left' : assert.fail(error)),
        )
        return { name, does, leaving, result }
      })
      for (const { does, leaving } of guests) if (does === 'leaves at once') leaving.abort()
      await settle()
      const waited = new Set(asks.map(({ name }) => name).filter((name) => !begun.includes(name)))
      for (const { does, leaving } of guests) if (does === 'leaves later') leaving.abort()
      await settle()
      const isWanted = (name: string) => guests.some((guest) => guest.name === name && guest.does === 'stays')
      for (const name of left) assert.ok(!isWanted(name), `${name} was told to end though somebody waits for it`)
      gate.resolve()
      const results = await Promise.all(guests.map(({ result }) => result))
      for (const [k, { name, does }] of guests.entries())
        assert.ok(does === 'stays' ? results[k] === name : ['left', `${name} ended early`].includes(results[k]))
      for (const name of waited) assert.ok(isWanted(name) || left.has(name) || !begun.includes(name), name)
      assert.deepEqual([queue.waiting, queue.running], [0, 0])
    }),
  )
})

test('a job that everybody left and that is asked for again begins anew, after the end of the one before', async () => {
  const queue = fairQueue<number>(2)
  const leaving = new AbortController()
  const ending = deferred<void>()
  const first = queue.ask('x', 'a', () => ending.promise.then(() => 1), { signal: leaving.signal })
  leaving.abort()
  let begun = false
  const second = queue.ask('x', 'b', async () => {
    begun = true
    return 2
  })
  await settle()
  assert.equal(begun, false)
  ending.resolve()
  assert.deepEqual(await Promise.all([first, second]), [1, 2])
})

test('everybody is told how many jobs come before, and then how far the job is', async () => {
  const queue = fairQueue<null>(1)
  const gate = deferred<null>()
  const told: Record<string, unknown[]> = {}
  const ask = (name: string, asker: string, work = async () => null as null) => {
    const mine: unknown[] = []
    told[`${name} of ${asker}`] = mine
    return queue.ask(name, asker, work, { onProgress: (progress) => mine.push(progress) })
  }
  const first = queue.ask('first', 'z', () => gate.promise)
  const second = queue.ask('a1', 'a', async (_, tell) => {
    tell({ kind: 'running', curve: [{ step: 1, tokens: 512, loss: 3 }] })
    return null
  })
  const others = [ask('a1', 'c'), ask('a2', 'a'), ask('b1', 'b')]
  await settle()
  assert.deepEqual(told['a2 of a'], [{ kind: 'waiting', ahead: 2 }], 'b has its turn between two of a')
  assert.deepEqual(told['b1 of b'], [{ kind: 'waiting', ahead: 1 }])
  gate.resolve(null)
  await Promise.all([first, second, ...others])
  assert.deepEqual(told['a1 of c'].at(-1), { kind: 'running', curve: [{ step: 1, tokens: 512, loss: 3 }] })
})

test('the order that is told is the order of the turns', async () => {
  await fc.assert(
    fc.asyncProperty(asks, async (script) => {
      const queue = fairQueue<null>(1)
      const gate = deferred<null>()
      const started: string[] = []
      const places = new Map<string, number>()
      const first = queue.ask('first', 'z', () => gate.promise)
      const answers = script.map(({ name, asker }) =>
        queue.ask(
          name,
          asker,
          async () => {
            started.push(name)
            return null
          },
          {
            onProgress: (progress) =>
              progress.kind === 'waiting' && !places.has(name) && places.set(name, progress.ahead!),
          },
        ),
      )
      await settle()
      gate.resolve(null)
      await Promise.all([first, ...answers])
      assert.deepEqual(
        started,
        [...places].sort(([, p], [, q]) => p - q).map(([name]) => name),
      )
    }),
  )
})
