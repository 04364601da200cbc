import assert from 'node:assert/strict'
import { test } from 'node:test'
import { budgetColor, legible } from '../../src/report/draw/style.ts'
import { contrast } from './contrast.ts'

test('what is read easily keeps its colour; what is light becomes darker, not another hue', () => {
  assert.equal(legible('#1a1a1a'), '#1a1a1a')
  const light = budgetColor(0)
  assert.ok(contrast(light, '#ffffff') < 4.5)
  const [r, g, b] = legible(light)
    .match(/[\da-f]{2}/gi)!
    .map((pair) => Number.parseInt(pair, 16))
  assert.ok(r < g && g < b, legible(light))
  assert.ok(contrast(legible(light), '#ffffff') < 5.5, 'no darker than it has to be')
})
