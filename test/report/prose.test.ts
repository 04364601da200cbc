import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sentence, withoutStop } from '../../src/report/prose.ts'
import { assertLinear } from '../linear.ts'

test('a sentence ends with one full stop, whatever stops and blanks it came with', () => {
  for (const text of ['It is so', ' It is so. ', 'It is so...', 'It is so . .\n', 'It is so.\t. .'])
    assert.equal(sentence(text), 'It is so.')
  assert.deepEqual(['', ' . ', 'a.b', '...a'].map(withoutStop), ['', '', 'a.b', '...a'])
})

test('stops and blanks are left out in time that grows with their number', async () => {
  for (const fill of ['.', ' ', '. ', '.\n'])
    for (const end of ['', 'x'])
      await assertLinear(`${fill}${end}`, 40_000, (n) => `x${fill.repeat(n / fill.length)}${end}`, withoutStop)
})
