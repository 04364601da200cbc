import assert from 'node:assert/strict'
import { test } from 'node:test'
import { blocksOf, commandsOf } from './blocks.ts'

test('blocks are indented below a blank line, or fenced; within items of lists too', () => {
  const page = [
    '# Title',
    '',
    '    npx isoflop fit runs.csv',
    '',
    '    npx isoflop serve',
    '',
    'Prose,',
    '    that goes on.',
    '',
    '## In a list',
    '',
    '1. Do it:',
    '',
    '       echo 1',
    '         echo 2',
    '',
    '```sh',
    "echo '",
    "'",
    '```',
    '    { "a": 1 }',
  ].join('\n')
  assert.deepEqual(
    blocksOf(page).map(({ section, line, kind, text }) => [section, line, kind, text]),
    [
      ['Title', 3, 'shell', 'npx isoflop fit runs.csv\n\nnpx isoflop serve'],
      ['In a list', 14, 'shell', 'echo 1\n  echo 2'],
      ['In a list', 17, 'shell', "echo '\n'"],
    ],
  )
  assert.throws(() => blocksOf('```sh\necho 1\n'), /fence of line 1 is not closed/)
})

test('a block is what a reader does with it', () => {
  const kinds = {
    'PYTHONPATH=. python train.py': 'shell',
    'TOKEN=$(openssl rand -hex 16) npx isoflop watch out': 'shell',
    '$ curl http://127.0.0.1:8000/': 'shell',
    'import { analyse } from "isoflop"\n': 'text',
    "import { analyse } from 'isoflop'\n": 'javascript',
    "// runs\nimport { analyse } from 'isoflop'\n": 'javascript',
    'import json, requests\n': 'python',
    'from isoflop import x\n': 'python',
    '{"loss": 3}': 'text',
    'npx-like words of prose': 'text',
  }
  for (const [text, kind] of Object.entries(kinds))
    assert.equal(blocksOf(`\`\`\`\n${text}\n\`\`\``)[0].kind, kind, text)
})

test('commands of a block are parted at ends of lines that a shell would part them at', () => {
  const block = [
    'npx isoflop serve   # a remark',
    '# only a remark',
    "echo 'a # b' \"it's\" c#d",
    'npx isoflop campaign \\',
    "    --run 'python train.py \\",
    "    {folder}'",
    '',
    '$ ls',
  ].join('\n')
  assert.deepEqual(commandsOf(block), [
    'npx isoflop serve',
    "echo 'a # b' \"it's\" c#d",
    "npx isoflop campaign \\\n    --run 'python train.py \\\n    {folder}'",
    'ls',
  ])
  assert.throws(() => commandsOf("echo 'a"), /not finished/)
})
