import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'

const folder = new URL('../snapshots/', import.meta.url)

/** Asserts that a figure is as it was looked at; UPDATE_SNAPSHOTS=1 takes it as it is. */
export function matchesSnapshot(name: string, svg: string): void {
  const file = new URL(`${name}.svg`, folder)
  if (process.env.UPDATE_SNAPSHOTS) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(file, svg)
  }
  assert.equal(svg, readFileSync(file, 'utf8'), `${name}.svg changed; look at it, then set UPDATE_SNAPSHOTS=1`)
}
