import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { addKey } from '../../src/server/keys.ts'
import { createWrongKeys } from '../../src/server/wrong-keys.ts'
import { query, type Serving, serving } from './serving.ts'

const everyMs = 3_000
let now = 1_000_000
let server: Serving
before(async () => {
  server = await serving({
    clock: { now: () => now },
    patience: { atOnce: 5, everyMs },
    proxies: ['127.0.0.1'],
  })
})
after(() => server.close())

/** A request with a key by a client with an address, of which the reverse proxy tells. */
const ask = async (api_key: string, from: string, path = '/loss') => {
  const address = new URL(path, server.url)
  for (const [name, value] of Object.entries({ ...query, api_key })) address.searchParams.set(name, String(value))
  const response = await fetch(address, { headers: { 'x-forwarded-for': from } })
  return { status: response.status, wait: response.headers.get('retry-after'), text: await response.text() }
}
const statuses = async (keys: readonly string[], from: string) =>
  (await Promise.all(keys.map((key) => ask(key, from)))).map(({ status }) => status)
const wrong = (count: number, name: string) => Array.from({ length: count }, (_, k) => `wrong ${name} ${k}`)

test('wrong keys: some are told so, the rest are slowed down, by address, and counted', async () => {
  const first = await statuses(wrong(40, 'a'), '192.0.2.1')
  assert.equal(first.filter((status) => status === 422).length, 5)
  assert.equal(first.filter((status) => status === 429).length, 35)
  const refused = await ask('one more', '192.0.2.1', '/submission')
  assert.deepEqual([refused.status, refused.wait], [429, '3'])
  assert.doesNotMatch(refused.text, /one more/)
  assert.deepEqual(await statuses(['wrong'], '192.0.2.2'), [422], 'another address')
  now += everyMs
  assert.deepEqual((await statuses(wrong(3, 'b'), '192.0.2.1')).sort(), [422, 429, 429])
  now -= 10 * everyMs // a clock that jumps back neither frees nor bars
  assert.deepEqual(await statuses(wrong(1, 'c'), '192.0.2.1'), [429])
  const metrics = (await server.get('/metrics')).text
  assert.match(metrics, /^isoflop_wrong_keys 7$/m)
  assert.match(metrics, /^isoflop_wrong_keys_refused 39$/m)
})

test("a key that worked before works on behind a neighbour's guesses, and new ones once those end", async () => {
  const address = '192.0.2.3'
  assert.equal((await ask(server.key, address)).status, 200)
  await statuses(wrong(20, 'd'), address)
  assert.equal((await ask(server.key, address)).status, 200)
  const { key } = await addKey(server.store, { label: '', budget: 10n ** 18n, now: 0 })
  assert.equal((await ask(key, address)).status, 429)
  now += everyMs
  assert.equal((await ask(key, address)).status, 200)
})

test('a class that starts at the same moment behind one address is let in, all of it', async () => {
  const keys = await Promise.all(
    Array.from({ length: 40 }, async () => (await addKey(server.store, { label: '', budget: 10n ** 18n, now: 0 })).key),
  )
  assert.deepEqual(new Set(await statuses([...keys, ...keys], '192.0.2.4')), new Set([200]))
})

test('a revoked key costs no try, a key that no key can be is not looked at', async () => {
  const { id, key } = await addKey(server.store, { label: '', budget: 10n ** 18n, now: 0 })
  await server.store.revokeKey(id, 1)
  assert.deepEqual(new Set(await statuses(Array(20).fill(key), '192.0.2.5')), new Set([422]))
  assert.deepEqual(new Set(await statuses(Array(20).fill('x'.repeat(2000)), '192.0.2.5')), new Set([422]))
  assert.deepEqual(new Set(await statuses(Array(20).fill(''), '192.0.2.5')), new Set([422]))
  assert.deepEqual(await statuses(['wrong e'], '192.0.2.5'), [422])
})

test('without a proxy that is named, nobody is believed who says where a request comes from', async () => {
  const own = await serving({ patience: { atOnce: 2, everyMs: 60_000 } })
  const answers: number[] = []
  for (let k = 0; k < 5; k++) {
    const address = new URL(`/total_flops_used?api_key=no${k}`, own.url)
    answers.push((await fetch(address, { headers: { 'x-forwarded-for': `192.0.2.${k}` } })).status)
  }
  assert.deepEqual(answers, [422, 422, 429, 429, 429])
  await own.close()
})

test('a server for other machines takes no key that can be guessed', async () => {
  const own = await serving({ weakKeys: false })
  await addKey(own.store, { label: '', budget: 10n ** 18n, now: 0, key: '12345678' })
  const refused = await own.get('/loss', { ...query, api_key: '12345678' })
  assert.equal(refused.status, 422)
  assert.match(refused.body.message, /fewer than 16 characters/)
  assert.equal((await own.get('/loss', query)).status, 200)
  await own.close()
})

test('tries belong to an address of IPv4 or to the 64 bits of IPv6 that one customer has', async () => {
  const { attempt } = createWrongKeys({ now: () => 0 }, { atOnce: 1, everyMs: 1000 })
  const tries = async (address: string) => {
    try {
      await attempt(
        address,
        async () => null,
        () => new Error('tired'),
      )
      return 'tried'
    } catch {
      return 'tired'
    }
  }
  const asked = {
    '2001:db8:1:2::1': 'tried',
    '2001:db8:1:2:ffff::7': 'tired',
    '2001:0DB8:1:2:0:0:0:9': 'tired',
    '2001:db8:1:3::1': 'tried',
    '2001:db8::1': 'tried',
    '2001:db8:0:0:5::': 'tired',
    '::1': 'tried',
    'fe80::1%eth0': 'tried',
    'fe80::2%eth1': 'tired',
    '192.0.2.1': 'tried',
    '::ffff:192.0.2.1': 'tired',
    '192.0.2.2': 'tried',
    '': 'tried',
  }
  for (const [address, expected] of Object.entries(asked)) assert.equal(await tries(address), expected, address)
})

test('a look that fails costs no try, and lets those in who wait', async () => {
  const wrongKeys = createWrongKeys({ now: () => 0 }, { atOnce: 2, everyMs: 1000 })
  const look = async (found: boolean | Error) => {
    await new Promise(setImmediate)
    if (found instanceof Error) throw found
    return found || null
  }
  const away = new Error('away')
  const attempts = [away, true, away, true, false, true, false, true].map((found) =>
    wrongKeys.attempt(
      'a',
      () => look(found),
      () => new Error('tired'),
    ),
  )
  const outcomes = (await Promise.allSettled(attempts)).map((one) =>
    one.status === 'rejected' ? one.reason.message : one.value,
  )
  assert.deepEqual(outcomes, ['away', true, 'away', true, null, true, null, 'tired'])
})
