import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'

/** Looks until it is so, for two minutes of looks: where a machine is busy each look takes its time, and more of it is given. */
export async function until(isSo: () => boolean | Promise<boolean>, what = 'something changes'): Promise<void> {
  for (let waited = 0; !(await isSo()); waited += 10) {
    assert.ok(waited < 120_000, `not within two minutes: ${what}`)
    await sleep(10)
  }
}
