import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadWarning, roundsOf, Sheet, spreadOf, spreadText, underWatch } from '../../bench/rounds.ts'

test('figures are the median of the rounds and their range; one round has no range', () => {
  const text = (values: number[]) => spreadText(spreadOf(values), (value) => value.toFixed(2))
  assert.equal(text([1.9, 1.7, 1.85]), '1.85 (1.70 to 1.90)')
  assert.equal(text([2, 1]), '1.50 (1.00 to 2.00)')
  assert.equal(text([1.9]), '1.90')
})

test('a sheet has a row for each name, in the order of the first round', () => {
  const sheet = new Sheet()
  for (const value of [3, 1, 2]) {
    sheet.add('slow', 10 * value, 'ms', `round ${value}`)
    sheet.add('fast', value, 's')
  }
  const [slow, fast, ...more] = sheet.lines()
  assert.match(slow, /^slow +20\.00 \(10\.00 to 30\.00\) +ms +round 2$/)
  assert.match(fast, /^fast +2\.000 \(1\.000 to 3\.000\) +s$/)
  assert.deepEqual(more, [])
})

test('a load above 0.5 is warned of, and loads are printed before and after', async () => {
  assert.equal(loadWarning(0.5), null)
  assert.match(loadWarning(0.51) ?? '', /load is 0\.51, above 0\.5/)
  const lines: string[] = []
  await underWatch(
    (line) => lines.push(line),
    'nothing',
    async () => void lines.push('measured'),
  )
  const at = lines.indexOf('measured')
  assert.match(lines[0], /^node v.*, load \d+\.\d\d; nothing$/)
  assert.match(lines[at + 1], /load at the end \d+\.\d\d/)
})

test('rounds are a whole number from 1', () => {
  assert.equal(roundsOf('3'), 3)
  for (const bad of ['0', '-1', '1.5', 'x', '']) assert.throws(() => roundsOf(bad), /--rounds takes how often/)
})
