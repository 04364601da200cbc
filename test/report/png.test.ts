import assert from 'node:assert/strict'
import { test } from 'node:test'
import { renderPng } from '../../src/report/draw/png.ts'

const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
const svg = (content: string) =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="80" height="30" viewBox="0 0 80 30">${content}</svg>`

test('a PNG is twice as large as its SVG', async () => {
  const png = await renderPng(svg('<circle cx="9" cy="9" r="5"/>'))
  assert.deepEqual([...png.subarray(0, 8)], signature)
  const view = new DataView(png.buffer, png.byteOffset)
  assert.deepEqual([view.getUint32(16), view.getUint32(20)], [160, 60])
})

test('text is drawn, with the font of the package', async () => {
  const text = (family: string) => svg(`<text x="4" y="20" font-size="13" font-family="${family}">1e24</text>`)
  const blank = await renderPng(svg(''))
  const drawn = await renderPng(text("'DejaVu Sans'"))
  assert.ok(drawn.length > blank.length + 200)
  assert.deepEqual(await renderPng(text("'DejaVu Sans', Verdana, sans-serif")), drawn)
})
