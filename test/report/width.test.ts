import assert from 'node:assert/strict'
import { test } from 'node:test'
import { table } from '../../src/report/page/blocks.ts'
import { textOf, wrap } from '../../src/report/page/text.ts'
import { displayWidth } from '../../src/report/page/width.ts'

test('a text is as wide as a terminal shows it', () => {
  const widths: Record<string, number> = {
    loss: 4,
    损失: 4,
    '损失 L': 6,
    '（10 %）': 8,
    ﾊﾝｶｸ: 4,
    한국어: 6,
    'e\u0301te\u0301': 3,
    '\u001b[1m损失\u001b[22m': 4,
    '👩‍🔬': 2,
    '': 0,
  }
  for (const [text, width] of Object.entries(widths)) assert.equal(displayWidth(text), width, JSON.stringify(text))
})

test('columns with Chinese names stand below each other', () => {
  const lines = textOf([
    table(
      ['方法', 'loss'],
      [
        ['王小明', '2.7'],
        ['Ada', '12.75'],
        ['张 San', '3'],
      ],
    ),
  ]).split('\n')
  assert.deepEqual(lines, ['方法     loss', '王小明    2.7', 'Ada     12.75', '张 San      3'])
})

test('Chinese text breaks between characters, and not before a mark that closes or after one that opens', () => {
  const text = '最优 N 按 C^0.514 增长，最优 D 按 C^0.486 增长（区间取两种 bootstrap 中较宽的一个）。'.repeat(6)
  const lines = wrap(text, '', '  ', 40)
  assert.equal(
    lines
      .map((line) => line.trim())
      .join('')
      .replace(/ /g, ''),
    text.replace(/ /g, ''),
  )
  for (const line of lines) {
    assert.ok(displayWidth(line) <= 40, line)
    assert.doesNotMatch(line.trim(), /^[，。）；：]|[（「]$/)
  }
  assert.ok(
    lines.slice(0, -1).every((line) => displayWidth(line) > 28),
    lines.join('\n'),
  )
})
