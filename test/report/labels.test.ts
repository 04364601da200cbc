import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { dodge, pointLabels } from '../../src/report/draw/labels.ts'
import { newDocument } from '../../src/report/draw/svg.ts'

test('labels that do not collide stay where they are wanted', () => {
  assert.deepEqual(dodge([50, 10, 90], [20, 20, 20], 0, 100), [50, 10, 90])
})

test('labels wanted at one place spread around it', () => {
  assert.deepEqual(dodge([50, 50, 50], [10, 10, 10], 0, 100), [40, 50, 60])
  assert.deepEqual(dodge([0, 0], [10, 10], 0, 100), [5, 15], 'inside')
})

test('labels never overlap, keep their order and stay inside', () => {
  const label = fc.record({ at: fc.integer({ min: -50, max: 550 }), size: fc.integer({ min: 1, max: 60 }) })
  fc.assert(
    fc.property(fc.array(label, { minLength: 1, maxLength: 8 }), (labels) => {
      const places = dodge(
        labels.map(({ at }) => at),
        labels.map(({ size }) => size),
        0,
        500,
      )
      const boxes = labels
        .map(({ at, size }, i) => ({ at, low: places[i] - size / 2, high: places[i] + size / 2 }))
        .sort((a, b) => a.low - b.low)
      for (const [k, box] of boxes.entries()) {
        assert.ok(box.low >= -1e-6 && box.high <= 500 + 1e-6)
        if (k === 0) continue
        assert.ok(box.low >= boxes[k - 1].high - 1e-6)
        assert.ok(box.at >= boxes[k - 1].at)
      }
    }),
  )
})

test('a point label covers neither another label nor a point', () => {
  const panel = { width: 400, height: 300, marginTop: 0, marginRight: 0, marginBottom: 0, marginLeft: 0 }
  const scales = { x: (value: number) => value, y: (value: number) => value }
  const labels = ['first', 'second', 'third'].map((text) => ({ x: 200, y: 150, text }))
  const obstacles = [{ x: 220, y: 150, weight: 60 }]
  const group = pointLabels(labels, obstacles)(null, scales, null, panel, { document: newDocument() })
  const boxes = [...group.querySelectorAll('text')].map((node) => {
    const [x, y] = ['x', 'y'].map((name) => Number(node.getAttribute(name)))
    const width = 7 * String(node.outerHTML.match(/>(\w+)</)?.[1]).length
    const anchor = node.getAttribute('text-anchor')
    const left = anchor === 'start' ? x : anchor === 'end' ? x - width : x - width / 2
    return { left, right: left + width, top: y - 11, bottom: y + 1 }
  })
  assert.equal(boxes.length, 3)
  for (const [i, a] of boxes.entries()) {
    assert.ok(!(a.left < 220 && a.right > 220 && a.top < 150 && a.bottom > 150), 'on the point')
    for (const b of boxes.slice(i + 1))
      assert.ok(a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top)
  }
})

const panel = { width: 400, height: 300, marginTop: 0, marginRight: 60, marginBottom: 0, marginLeft: 40 }
const scales = { x: (value: number) => value, y: (value: number) => value }

test('of labels that have no room at the right some are left out, and none lies on another', () => {
  const labels = Array.from({ length: 60 }, (_, k) => ({ x: 300, y: 100 + k, text: `${k + 10}e18` }))
  const group = pointLabels(labels, [], 'right')(null, scales, null, panel, { document: newDocument() })
  const heights = [...group.querySelectorAll('text')].map((node) => Number(node.getAttribute('y')))
  assert.ok(heights.length >= 8 && heights.length < labels.length, `${heights.length} labels`)
  heights.sort((a, b) => a - b)
  for (const [k, y] of heights.entries()) assert.ok(k === 0 || y - heights[k - 1] >= 12, heights.join())
})

test('a label that is wider than the panel has two lines', () => {
  const label = { x: 150, y: 150, text: 'a law that was published by somebody long ago' }
  const lines = (width: number) => {
    const group = pointLabels([label], [])(null, scales, null, { ...panel, width }, { document: newDocument() })
    return [...group.querySelectorAll('tspan')].length
  }
  assert.deepEqual([lines(800), lines(300)], [0, 2])
})
