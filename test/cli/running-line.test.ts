import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lineWith } from '../../src/cli/running-line.ts'
import { lineWidth } from '../../src/cli/terminal.ts'
import { displayWidth } from '../../src/report/page/width.ts'
import { inLanguage } from '../../src/report/words/words.ts'

const text = '3.2e11 of 1e12 FLOPs, 12 runs, N 2.4e5, loss 4.21 [4.1, 4.3], the plan'
const three = [
  { share: 0.459, loss: 4.2134 },
  { share: 0.12, loss: 5.1 },
  { share: null, loss: null },
]

test('each run is told where there is room, else from which to which, else the losses, else how many; the beginning stays', () => {
  assert.equal(lineWith(text, three, 120), `${text}; 3 running: 45 % at 4.213, 12 % at 5.100, -`)
  assert.equal(lineWith(text, three, 70), '3.2e11 of 1e12 FLOPs, 12 r; 3 running: 45 % at 4.213, 12 % at 5.100, -')
  const five = [...three, three[0], three[1]]
  assert.equal(lineWith(text, five, 64), '3.2e11 of 1e12 FLOPs,; 5 running: 12 % to 45 % at 4.213 to 5.100')
  assert.equal(lineWith(text, three, 60), '3.2e11 of 1e12 FLOPs, 12 runs, N ; 3 running: 4.213 to 5.100')
  assert.equal(lineWith(text, three, 40), '3.2e11 of 1e12 FLOPs, 12 runs; 3 running')
  assert.equal(lineWith(text, [], 30), text.slice(0, 30))
})

test('no line is longer than its terminal, in any language and however many runs there are', () => {
  for (const language of ['en', 'zh'] as const)
    for (const columns of [20, 40, 60, 80, 120])
      for (const count of [0, 1, 2, 8, 50]) {
        const running = Array.from({ length: count }, (_, k) => ({ share: k / 50, loss: 9 - k / 10 }))
        const line = inLanguage(language, () => lineWith(text, running, columns))
        assert.ok(displayWidth(line) <= columns, line)
        if (count > 0 && columns >= 60) assert.match(line, new RegExp(`[;；]\\s?${count} `))
      }
})

test('a terminal that does not say how wide it is has lines all the same', () => {
  const widthOf = (columns: number) => lineWidth({ isTTY: true, columns })
  assert.equal(widthOf(80), 79)
  assert.equal(widthOf(0), 99)
  assert.equal(widthOf(undefined as unknown as number), 99)
})
