import assert from 'node:assert/strict'
import { test } from 'node:test'
import { differences, tablesOf, valuesAt } from './shapes.ts'

const page = `
| field | meaning |
|---|---|
| \`spent\`, \`told\` | two fields |
| \`best.config\` | \`{d_model, ...}\` |
| \`best.loss\`, \`size\` | numbers beside it |
| \`runs\` | \`[{id, interval: {loss, sd}}]\`, in order |
| \`kind\` | \`{kind: "a" or "b", of}\` |

Another one:

| field | meaning |
|---|---|
| \`last\` | \`{a}\` or \`{b}\`: cases, which are not looked into |
`
const [first, second] = tablesOf(page)
const value = {
  spent: 1,
  told: 2,
  best: { config: { d_model: 64, num_layers: 2 }, loss: 3, size: 4 },
  runs: [
    { id: 1, interval: null },
    { id: 2, interval: { loss: 1, sd: 2 } },
  ],
  kind: { kind: 'a', of: 1 },
}

test('what is printed as a page says it has no differences', () => {
  assert.deepEqual(differences(first, [value]), [])
  assert.deepEqual(differences(second, [{ last: { c: 1 } }]), [])
})

test('what is missing on either side is named by its path, at any depth', () => {
  const { told: _, ...less } = value
  assert.deepEqual(differences(first, [less]), ['told'])
  assert.deepEqual(differences(first, [less, value]), [], 'one of several has it')
  assert.deepEqual(differences(first, [{ ...value, more: 1 }]), ['+more'])
  assert.deepEqual(differences(first, [{ ...value, best: { config: {}, loss: 1, size: 2, x: 1 } }]), [
    '+best.x',
    'best.config.d_model',
  ])
  const runs = [{ id: 1, interval: { loss: 1, x: 2 } }]
  assert.deepEqual(differences(first, [{ ...value, runs }]), ['+runs[].interval.x', 'runs[].interval.sd'])
  assert.deepEqual(differences(first, [{ ...value, runs: { id: 1 } }]), ['runs is no list'])
})

test('values are found at paths, those that are not there left out', () => {
  const tree = { a: [{ b: 1 }, { b: 2 }], c: null }
  assert.deepEqual(valuesAt(tree, 'a[].b'), [1, 2])
  assert.deepEqual(valuesAt(tree, 'c[].b'), [])
  assert.deepEqual(valuesAt([1, 2], '[]'), [1, 2])
  assert.deepEqual(valuesAt(tree, '*'), [tree.a, null])
})
