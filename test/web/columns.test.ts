import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseColumns } from '../../src/input/told.ts'
import {
  type Choice,
  choiceOf,
  columnsText,
  factors,
  isCounted,
  roles,
  withFactor,
  withRole,
} from '../../src/web/fit/columns.ts'

const column = fc.constantFrom('N', 'val loss', 'a,b', 'x=y', '"q"', 'back\\slash', 'T*2', '-', '模型')
const choices = fc
  .array(fc.tuple(column, fc.constantFrom(...roles), fc.constantFrom(...factors)), { maxLength: 6 })
  .map((chosen) =>
    chosen.reduce<Choice>((choice, [name, role, factor]) => {
      const next = withRole(choice, name, role)
      return isCounted(role) ? withFactor(next, name, factor) : next
    }, {}),
  )

/** Role by role what a choice says. */
const said = (choice: Choice): Record<string, string> =>
  Object.fromEntries(
    Object.entries(choice).map(([name, { role, factor }]) => [role, factor === '' ? name : `${name}*${factor}`]),
  )

test('the text of a choice is read by the command as that choice, from whatever was found or told before', () => {
  fc.assert(
    fc.property(choices, choices, (found, choice) => {
      const text = columnsText(choice, found)
      const told = text === '' ? {} : (parseColumns(text) as Record<string, string>)
      const [now, before] = [said(choice), said(found)]
      for (const role of roles) {
        if (now[role] === before[role]) assert.equal(told[role], undefined, role)
        else assert.equal(told[role], now[role] ?? '-', role)
      }
      // What was told stays, where the choice does not say otherwise.
      if (text !== '') assert.deepEqual(parseColumns(columnsText(found, found, told)), told)
    }),
    { seed: 3, numRuns: 500 },
  )
})

test('a role belongs to one column, and columns that make one quantity together are left to the reader', () => {
  const choice = withRole(withRole({}, 'a', 'loss'), 'b', 'loss')
  assert.deepEqual(choice, { b: { role: 'loss', factor: '' } })
  assert.deepEqual(
    choiceOf([
      { quantity: 'run', columns: ['model', 'seed'] },
      { quantity: 'loss', columns: ['val'] },
    ]),
    { val: { role: 'loss', factor: '' } },
  )
})
