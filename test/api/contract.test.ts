import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { configOfWire, lossQueryOf, lossText, runText, submissionBody, wireOfConfig } from '../../src/api/contract.ts'
import { pythonFloat, pythonInteger } from '../../src/api/python.ts'
import { apiLimits } from '../../src/cs336/limits.ts'

const query = {
  d_model: '1024',
  num_layers: '24',
  num_heads: '16',
  batch_size: '128',
  learning_rate: '0.001',
  train_flops: '10000000000000000',
}
const lossQuery = lossQueryOf(apiLimits.trainFlops)
const parse = (change: Record<string, unknown> = {}) => lossQuery.safeParse({ ...query, ...change })

test("floats are written as Python's repr writes them", () => {
  // Made with python3 -c "print(repr(x))".
  const expected: [number, string][] = [
    [9.07103488440561, '9.07103488440561'],
    [5, '5.0'],
    [0.001, '0.001'],
    [0.0001, '0.0001'],
    [0.00001, '1e-05'],
    [1.5e-7, '1.5e-07'],
    [1e16, '1e+16'],
    [1.25e22, '1.25e+22'],
    [123456789012345680, '1.2345678901234568e+17'],
    [0, '0.0'],
    [-2.5, '-2.5'],
  ]
  for (const [x, text] of expected) assert.equal(pythonFloat(x), text)
  fc.assert(fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (x) => Number(pythonFloat(x)) === x))
})

test('whole numbers have every digit, beyond 2^53 too', () => {
  assert.equal(pythonInteger(1e16), '10000000000000000')
  assert.equal(pythonInteger(1999999999999999999n), '1999999999999999999')
  assert.equal(
    lossText(9.07103488440561, 10000000000000000n),
    '{"loss":9.07103488440561,"total_flops_used":10000000000000000}',
  )
})

test('1e16 and 10000000000000000, as requests sends them, are the same number', () => {
  const digits = parse()
  const power = parse({ train_flops: '1e+16', d_model: '1024.0' })
  assert.ok(digits.success && power.success)
  assert.deepEqual(power.data, digits.data)
  assert.equal(
    runText(configOfWire(digits.data), 9.07103488440561),
    '{"d_model":1024,"num_layers":24,"num_heads":16,"batch_size":128,"learning_rate":0.001,"train_flops":10000000000000000,"loss":9.07103488440561}',
  )
})

test("out-of-range messages are the handout's", () => {
  const message = (change: Record<string, unknown>) => parse(change).error?.issues[0].message
  assert.equal(message({ d_model: '9999' }), 'd_model must be in range [64, 1024], got 9999')
  assert.equal(message({ num_layers: '1' }), 'num_layers must be in range [2, 24], got 1')
  assert.equal(message({ num_heads: '17' }), 'num_heads must be in range [2, 16], got 17')
  assert.equal(message({ learning_rate: '1e-5' }), 'learning_rate must be in range [0.0001, 0.001], got 1e-05')
  assert.equal(message({ learning_rate: '0.01' }), 'learning_rate must be in range [0.0001, 0.001], got 0.01')
  assert.equal(message({ batch_size: '64' }), 'batch_size must be one of [128, 256], got 64')
  assert.match(
    message({ train_flops: '12345' })!,
    /^train_flops must be one of \[10000000000000, .*, 1000000000000000000\], got 12345; the nearest are 1e13 and 3e13$/,
  )
  assert.equal(message({ num_heads: '3' }), 'd_model must be divisible by num_heads, got d_model 1024 and num_heads 3')
  assert.equal(message({ d_model: 'wide' }), 'd_model must be a whole number, got wide')
  assert.equal(message({ d_model: '64.5' }), 'd_model must be a whole number, got 64.5')
  assert.equal(message({ d_model: undefined }), 'd_model is missing')
})

test('every legal configuration passes and comes back; whatever else comes is refused with words', () => {
  const legal = fc.record({
    d_model: fc.integer({ min: 4, max: 64 }).map((k) => 16 * k),
    num_layers: fc.integer({ min: 2, max: 24 }),
    num_heads: fc.constantFrom(2, 4, 8, 16),
    batch_size: fc.constantFrom(...apiLimits.batchSize),
    learning_rate: fc.double({ min: 1e-4, max: 1e-3, noNaN: true }),
    train_flops: fc.constantFrom(...apiLimits.trainFlops),
  })
  fc.assert(
    fc.property(legal, (wire) => {
      const texts = Object.fromEntries(Object.entries(wire).map(([name, value]) => [name, String(value)]))
      const result = lossQuery.safeParse(texts)
      assert.ok(result.success)
      assert.deepEqual(wireOfConfig(configOfWire(result.data)), { ...wire })
    }),
  )
  fc.assert(
    fc.property(fc.constantFrom(...Object.keys(query)), fc.anything(), (name, value) => {
      const result = parse({ [name]: value })
      if (!result.success) for (const { message } of result.error.issues) assert.ok(message.length > 5, message)
    }),
  )
})

test('a submission is free in size and rate, not in the batch', () => {
  const body = {
    d_model: 1536,
    num_layers: 30,
    num_heads: 12,
    batch_size: 128,
    learning_rate: 3e-3,
    predicted_loss: 2.7,
  }
  assert.ok(submissionBody.safeParse(body).success)
  assert.ok(!submissionBody.safeParse({ ...body, batch_size: 512 }).success)
  assert.ok(!submissionBody.safeParse({ ...body, num_heads: 7 }).success)
  assert.ok(!submissionBody.safeParse({ ...body, predicted_loss: 'low' }).success)
})
