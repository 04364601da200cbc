import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { against, bin, campaign, folder, resultOf, start, stub } from './campaigns.ts'

test('refused configurations are left out, 429 is waited out', async () => {
  const api = await stub()
  api.busy = 3
  let count = 0
  api.refuses = () => ++count === 4
  const { refused, queries } = resultOf(await campaign(...against(api, 'refused')))
  assert.deepEqual([refused.length, refused[0].message.includes('must be something else')], [1, true])
  assert.equal(queries, api.asked.length)
})

test('the key: from the environment, never on disk, never shown', async () => {
  const api = await stub()
  const [flag, url] = against(api, 'key')
  const args = [flag, url, '--strategy', 'profiles-lowest', '--out', 'key', '--json']
  resultOf(await start(args, { ISOFLOP_API_KEY: api.key }).ended)
  for (const file of ['campaign.json', 'campaign.jsonl'])
    assert.ok(!readFileSync(join(folder, 'key', file), 'utf8').includes(api.key))
  const wrong = await start([...args, '--out', 'wrong'], { ISOFLOP_API_KEY: 'a-key-that-is-wrong' }).ended
  assert.equal(wrong.status, 2)
  assert.match(wrong.stderr, /^error\[KEY_INVALID\]: /)
  assert.doesNotMatch(wrong.stderr, /a-key-that-is-wrong/)
})

/** What `ps` shows of every process, where the system has it as files. */
function commandLines(): string {
  if (!existsSync('/proc')) return ''
  const read = (pid: string) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
    } catch {
      return '' // it has ended
    }
  }
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(read)
    .join('\n')
}

test('--api-key-file: a key that the list of processes never has; a file without exactly one is refused', async () => {
  const api = await stub()
  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text, { mode: 0o600 })
    return name
  }
  const args = (file: string) => [
    '--api',
    api.url,
    '--api-key-file',
    file,
    '--strategy',
    'profiles-surface',
    '--out',
    'file-key',
    '--json',
  ]
  const { child, ended } = start(args(write('one.key', `${api.key}\n`)))
  await api.reached(3)
  const listed = commandLines()
  if (process.platform === 'linux') assert.ok(listed.includes('one.key'))
  assert.ok(!listed.includes(api.key))
  child.kill('SIGINT')
  assert.doesNotMatch((await ended).stderr, new RegExp(api.key))
  for (const text of ['', ' \n', 'two keys']) {
    const { status, stderr } = await campaign(...args(write('bad.key', text)))
    assert.equal(status, 2)
    assert.match(stderr, /^error\[(BAD_OPTION|FILE_EMPTY)\]: /)
    assert.doesNotMatch(stderr, /two keys/)
  }
  const both = await campaign(...args('one.key'), '--api-key', 'k')
  assert.match(both.stderr, /^error\[BAD_OPTION\]: .*exclude each other/)
})

test('bad options end with a code and say what to do', async () => {
  for (const [args, code] of [
    [['--api', 'http://localhost:1'], 'BAD_OPTION'],
    [['--api', 'localhost:8000', '--api-key', 'k'], 'BAD_OPTION'],
    [['--api', 'http://me:pass@localhost', '--api-key', 'k'], 'BAD_OPTION'],
    [['--api', 'http://localhost:1', '--api-key', 'k', '--world', 'cs336'], 'BAD_OPTION'],
    [['--api-key', 'k'], 'BAD_OPTION'],
    [['--parallel', '4'], 'BAD_OPTION'],
    [['--world', 'cs336', '--vocab-size', '100000'], 'BAD_OPTION'],
    [['--world', 'staged:3', '--vocab-size', '100000'], 'BAD_OPTION'],
    [['--api', 'http://localhost:1', '--api-key', 'k', '--parallel', '0'], 'BAD_OPTION'],
    [['--strategy', 'luck'], 'BAD_OPTION'],
    [['--strategy', 'adaptive,profiles-lowest'], 'BAD_OPTION'],
    [['--budget', '0'], 'BAD_OPTION'],
    [['--target', 'large'], 'BAD_OPTION'],
    [['--train-flops-grid', '1e15,x'], 'BAD_OPTION'],
    [['--seed', '-1'], 'BAD_OPTION'],
    [['--world', 'moon'], 'WORLD_UNKNOWN'],
    [['--out', bin], 'OUTPUT_FAILED'],
    [['--api', 'http://127.0.0.1:1', '--api-key', 'k'], 'API_UNREACHABLE'],
  ] as const) {
    const { status, stderr, stdout } = await campaign(...args)
    assert.equal(status, 2, `${args} ${stderr}`)
    assert.match(stderr, new RegExp(`^error\\[${code}\\]: .+\\n {2}.+\\n$`), args.join(' '))
    assert.equal(stdout, '')
  }
})

test('help shows an example of each way in', async () => {
  const { status, stdout } = await campaign('--help')
  assert.equal(status, 0)
  for (const way of ['--world', '--space', '--api', '--pool'])
    assert.match(stdout.split('Examples:')[1], new RegExp(`isoflop campaign ${way} `))
})

test('the truth of the assignment is not said, unless it is asked for; that of other worlds is', async () => {
  const quick = ['--strategy', 'profiles-lowest', '--budget', '1e17', '--target', '1e18'] as const
  const told = (out: string) =>
    ['report.md', 'report.html', 'campaign.json', join('figures', 'design.svg')].filter((file) =>
      /true best|[Tt]he truth|regret of/.test(readFileSync(join(folder, out, file), 'utf8')),
    )
  const hidden = await campaign('--world', 'cs336', ...quick, '--out', 'hidden')
  assert.equal(hidden.status, 0, hidden.stderr)
  assert.doesNotMatch(hidden.stdout, /[Tt]he truth|regret/)
  assert.deepEqual(told('hidden'), [])
  const asked = await campaign('--world', 'cs336', ...quick, '--out', 'hidden', '--truth')
  assert.match(asked.stdout, /The truth in cs336:/)
  assert.deepEqual(told('hidden'), ['report.md', 'report.html', join('figures', 'design.svg')])
  const plain = await campaign(...quick, '--out', 'usual')
  assert.match(plain.stdout, /The truth in seed:7:[\s\S]*Next, the assignment to do yourself .*isoflop serve/)
})

test('--submit sends the prediction; without it the last line is the command that does, and pays for nothing twice', async () => {
  const api = await stub()
  const args = ['--api', api.url, '--api-key', api.key, '--strategy', 'profiles-lowest', '--out', 'sent']
  const first = await campaign(...args)
  assert.equal(first.status, 0, first.stderr)
  const [, command] = /\nNext, submit: isoflop campaign (.*)\n$/.exec(first.stdout) ?? []
  assert.equal(command, args.with(3, 'KEY').concat('--submit').join(' '))
  const { charged, submitted } = api
  assert.deepEqual(submitted, [])
  const second = await campaign(...args, '--submit')
  assert.match(
    second.stdout,
    /\nSubmitted; GET \/submission shows it\.\n\nNext, with a server of your own: isoflop grade\n$/,
  )
  assert.equal(api.charged, charged)
  assert.deepEqual(submitted, [JSON.parse(readFileSync(join(folder, 'sent', 'submission.json'), 'utf8'))])
  for (const wrong of [['--submit'], ['--submit', '--world', 'seed:7'], [...args, '--submit', '--target', '2e19']]) {
    const { status, stderr } = await campaign(...wrong)
    assert.equal(status, 2)
    assert.match(stderr, /^error\[BAD_OPTION\]: /)
  }
  assert.equal(submitted.length, 1)
})

test('a world whose runs learn too little for any law is refused before anything is written', async () => {
  const { status, stderr } = await campaign('--world', 'handout', '--out', 'handout')
  assert.equal(status, 2)
  assert.match(stderr, /^error\[BAD_OPTION\]: .*the best of 1e18 FLOPs has a loss of 7\.\d+/)
  assert.equal(existsSync(join(folder, 'handout')), false)
})

test('--open shows the campaign with what the desktop has for it, and says where page and report are where there is none', async () => {
  const tools = join(folder, 'tools')
  mkdirSync(tools)
  writeFileSync(join(tools, 'xdg-open'), '#!/bin/sh\necho "$1" > "$ISOFLOP_OPENED"\n', { mode: 0o755 })
  const opened = join(folder, 'opened.txt')
  const args = ['--strategy', 'profiles-lowest', '--budget', '1e17', '--target', '1e18', '--out', 'shown', '--open']
  const report = join(folder, 'shown', 'report.html')
  const PATH = `${tools}:${process.env.PATH}`
  const desktop = await start(args, { PATH, DISPLAY: ':0', ISOFLOP_OPENED: opened }).ended
  assert.equal(desktop.status, 0, desktop.stderr)
  const link = /^Live: (http:\/\/127\.0\.0\.1:\d+\/#\S+)$/m
  if (process.platform === 'linux') assert.equal(readFileSync(opened, 'utf8'), `${link.exec(desktop.stderr)?.[1]}\n`)
  const server = await start(args, { DISPLAY: '', WAYLAND_DISPLAY: '' }).ended
  if (process.platform === 'linux')
    assert.ok(server.stdout.includes(`\nNothing here opens it; the report is ${report}\n\nNext`), server.stdout)
  assert.match(server.stderr, link)
})
