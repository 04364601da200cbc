import assert from 'node:assert/strict'
import { existsSync, globSync } from 'node:fs'
import { test } from 'node:test'
import { profiles as measuredProfiles } from '../../src/report/class/figures/profiles.ts'
import { drawFigure, type Figure } from '../../src/report/draw/figure.ts'
import { newDocument, svgText } from '../../src/report/draw/svg.ts'
import { rates } from '../../src/report/fit/figures/rates.ts'
import { repeatsCost } from '../../src/report/fit/figures/repeats-cost.ts'
import { repeatsWorth } from '../../src/report/fit/figures/repeats-worth.ts'
import { worldProfilesFigure } from '../../src/report/world.ts'
import { drawnWorld } from '../../src/world/drawn.ts'
import { worldProfiles } from '../../src/world/profiles.ts'
import { figuresOf } from '../web/drawings.ts'
import { measured } from './class-spending.ts'
import { joint, repeated } from './settings-analyses.ts'
import { matchesSnapshot } from './snapshot.ts'

const source = new URL('../../src/report/', import.meta.url)

/** Every figure by the file that has it, as `fit/figures/rates.ts`. */
const byFile = new Map<string, Figure<never>>()
for (const file of globSync('{,*/}*/figures/*.ts', { cwd: source }).sort()) {
  const all = Object.values((await import(new URL(file, source).href)) as Record<string, unknown>)
  for (const one of all) if (isFigure(one)) byFile.set(file, one)
}

function isFigure(one: unknown): one is Figure<never> {
  return typeof one === 'object' && one !== null && 'draw' in one && 'caption' in one
}

/** Snapshots that are called otherwise than their figure. */
const called: Readonly<Record<string, string>> = { residuals: 'residuals-noisy' }
const prefixes: Readonly<Record<string, string>> = { campaign: 'campaign-', pool: 'pool-' }

test('every figure is in the list of its report or page, which the browser is compared by, and has a snapshot', () => {
  assert.ok(byFile.size >= 27, `${byFile.size} figures are found`)
  const listed = new Set(Object.values(figuresOf).flat())
  for (const [file, figure] of byFile) {
    assert.ok(listed.has(figure), `${file} is in no list`)
    const name = `${prefixes[file.split('/')[0]] ?? ''}${figure.name}`
    const snapshot = new URL(`../snapshots/${called[name] ?? name}.svg`, import.meta.url)
    assert.ok(existsSync(snapshot), `${file} has no snapshot`)
  }
})

const drawn = <T>(figure: Figure<T>, subject: T): string => svgText(drawFigure(figure, subject, newDocument())!)

test('snapshot of learning rates of a fit', () =>
  matchesSnapshot('rates', drawn(rates, { analysis: joint, truth: null })))

for (const figure of [repeatsWorth, repeatsCost])
  test(`snapshot of ${figure.name}`, () =>
    matchesSnapshot(figure.name, drawn(figure, { analysis: repeated, truth: null })))

test('snapshot of the profiles that a class measured', () =>
  matchesSnapshot('measured-profiles', drawn(measuredProfiles, measured)))

test('snapshot of the true profiles of a world', () => {
  const world = drawnWorld(7)
  matchesSnapshot('world-profiles', drawn(worldProfilesFigure, { name: world.name, profiles: worldProfiles(world) }))
})
