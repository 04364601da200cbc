import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { errorTable } from '../../src/core/errors.ts'
import { methodNames } from '../../src/fit/methods.ts'
import { madeRuns } from '../fit/tuned-runs.ts'
import { close } from '../support.ts'

const bin = fileURLToPath(new URL('../../bin/isoflop.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'isoflop-cli-'))
after(() => rmSync(folder, { recursive: true }))

const isoflop = (args: string[], input = '') => spawnSync(process.execPath, [bin, ...args], { encoding: 'utf8', input })

const csv = (...rows: string[]) => ['N,C,loss', ...rows].join('\n')

/** Five sizes at three budgets. */
const runsCsv = csv(
  ...[1e18, 1e19, 1e20].flatMap((C) =>
    [0.3, 0.6, 1, 2, 4].map((ratio) => {
      const N = ratio * 0.05 * C ** 0.51
      return `${N},${C},${1.8 + 480 * N ** -0.35 + 2100 * (C / (6 * N)) ** -0.37}`
    }),
  ),
)

test('--json prints one object with every documented field, and the same for the same seed', () => {
  const args = ['fit', 'world:handout', '--target', '1e23,1e24', '--resamples', '50', '--starts', '60', '--json']
  const { status, stdout, stderr } = isoflop(args)
  assert.equal(status, 0, stderr)
  assert.equal(stderr, '')
  const result = JSON.parse(stdout)
  assert.deepEqual([result.runs.read, result.runs.used, result.runs.excluded], [72, 72, []])
  assert.deepEqual(
    result.methods.map(({ method }: { method: string }) => method),
    methodNames.filter((name) => name !== 'frontier'),
  )
  const [surface] = result.methods
  close(surface.modelSize.exponent, 0.5142857, 1e-7)
  assert.deepEqual(result.targets, [1e23, 1e24])
  close(surface.predictions[1].parameters, 3.00307e11, 1e-6)
  close(surface.law.E, 2.69, 1e-7)
  for (const { modelSize, unavailable } of result.methods) assert.ok((modelSize === null) === (unavailable !== null))
  const documented = readFileSync(fileURLToPath(new URL('../../docs/json.md', import.meta.url)), 'utf8')
  for (const key of [...Object.keys(result), ...Object.keys(surface)])
    assert.ok(documented.includes(`\`${key}`), `docs/json.md lacks ${key}`)
  assert.doesNotMatch(stdout, /NaN|Infinity|undefined/)
  assert.equal(isoflop(args).stdout, stdout)
})

test('tables for people: the answer first, every method, within 100 columns; nothing on stderr', () => {
  const { status, stdout, stderr } = isoflop(
    ['fit', '-', '--target', '1e21', '--resamples', '50', '--starts', '60'],
    runsCsv,
  )
  assert.equal(status, 0, stderr)
  assert.equal(stderr, '')
  assert.match(stdout.split('\n')[2], /At 1e21 FLOPs/)
  for (const method of methodNames) assert.ok(stdout.includes(method), method)
  for (const line of stdout.split('\n')) assert.ok(line.length <= 100 || line.startsWith('wrote'), line)
})

test('--report and --plots write what they name', () => {
  const report = join(folder, 'deep', 'report.html')
  const plots = join(folder, 'plots')
  const { status, stderr } = isoflop([
    'fit',
    'world:handout',
    '--method',
    'surface,parabola',
    '--resamples',
    '20',
    '--report',
    report,
    '--plots',
    plots,
  ])
  assert.equal(status, 0, stderr)
  const html = readFileSync(report, 'utf8')
  assert.match(html, /^<!doctype html>/i)
  assert.match(html, /isoflop fit world:handout --method surface,parabola/)
  assert.ok(readFileSync(join(plots, 'profiles.svg'), 'utf8').includes('<svg'))
  assert.equal(readFileSync(join(plots, 'profiles.png')).subarray(1, 4).toString(), 'PNG')
})

test('--report FILE.md writes Markdown with its figures beside it, and says so', () => {
  const report = join(folder, 'markdown', 'report.md')
  const { status, stdout, stderr } = isoflop([
    'fit',
    'world:handout',
    '--method',
    'surface,parabola',
    '--resamples',
    '20',
    '--report',
    report,
  ])
  assert.equal(status, 0, stderr)
  const text = readFileSync(report, 'utf8')
  assert.match(text, /^# Scaling laws from world:handout\n/)
  const linked = [...text.matchAll(/\]\((report-figures\/[\w-]+\.svg)\)/g)].map(([, file]) => file)
  assert.ok(linked.length >= 4, text)
  for (const file of linked) {
    assert.match(readFileSync(join(folder, 'markdown', file), 'utf8'), /^<svg /)
    assert.ok(stdout.includes(file), file)
  }
})

test('--best keeps the lowest of equal N and D and lists the others; --columns names columns', () => {
  const swept = runsCsv.replace('N,C,loss', 'size,budget,score').split('\n')
  const twice = [
    ...swept,
    ...swept.slice(1).map((row) => row.replace(/[^,]*$/, (loss) => `${Number(loss) + 0.1}`)),
  ].join('\n')
  const args = [
    'fit',
    '-',
    '--columns',
    'parameters=size,loss=score',
    '--method',
    'surface',
    '--resamples',
    '20',
    '--json',
  ]
  const all = JSON.parse(isoflop(args, twice).stdout)
  assert.equal(all.runs.used, 30)
  assert.ok(all.diagnostics.some(({ code }: { code: string }) => code === 'repeated-sizes'))
  const best = JSON.parse(isoflop([...args, '--best'], twice).stdout)
  assert.equal(best.runs.used, 15)
  assert.equal(best.runs.excluded.length, 15)
  assert.match(best.runs.excluded[0].reason, /row 2 has the same N and D/)
  close(best.methods[0].law.alpha, 0.35, 1e-4)
})

test('bad rows are listed with file and row, and the rest is fitted', () => {
  const file = join(folder, 'bad.csv')
  writeFileSync(file, `${runsCsv}\n1e8,1e19,NaN\n-1,1e19,3\n1e8,text,3\n${runsCsv.split('\n')[1]}\n`)
  const { runs } = JSON.parse(isoflop(['fit', file, '--method', 'surface', '--resamples', '20', '--json']).stdout)
  assert.equal(runs.used, 15)
  assert.equal(runs.read, 19)
  assert.deepEqual(
    runs.excluded.map(({ row }: { row: number }) => row),
    [17, 18, 19, 20],
  )
  for (const { source, reason } of runs.excluded) assert.ok(source === file && reason.length > 5)
})

test('training curves: envelope uses every checkpoint, the others the last of each run', () => {
  const rows = Array.from({ length: 9 }, (_, size) =>
    Array.from({ length: 40 }, (_, k) => {
      const N = 1e7 * 2 ** (size / 2)
      const D = 1e8 * 10 ** (k / 13)
      return `run-${size},${k},${N},${D},${1.8 + 480 * N ** -0.35 + 2100 * D ** -0.37}`
    }),
  ).flat()
  const args = ['fit', '-', '--method', 'envelope,surface', '--resamples', '40', '--target', '1e19', '--json']
  const { status, stdout, stderr } = isoflop(args, ['run,step,N,D,loss', ...rows].join('\n'))
  assert.equal(status, 0, stderr)
  const { runs, methods, diagnostics } = JSON.parse(stdout)
  assert.deepEqual([runs.read, runs.used, runs.checkpoints], [360, 9, 351])
  const envelope = methods.find(({ method }: { method: string }) => method === 'envelope')
  close(envelope.modelSize.exponent, 0.37 / 0.72, 0.1)
  assert.ok(envelope.modelSize.interval)
  assert.ok(diagnostics.some(({ code }: { code: string }) => code === 'checkpoints-set-aside'))
})

test('--prior holds what it names, and runs on one line are marked in JSON and in the summary', () => {
  const held = isoflop(['fit', '-', '--method', 'norm', '--prior', 'q=0.5,alpha=0.3:0.1', '--json'], runsCsv)
  assert.equal(JSON.parse(held.stdout).methods[0].law.q, 0.5)
  const ray = csv(
    ...[1e7, 2e7, 4e7, 8e7, 1.6e8, 3.2e8, 6.4e8].map(
      (N) => `${N},${120 * N * N},${1.8 + 480 * N ** -0.35 + 2100 * (20 * N) ** -0.37}`,
    ),
  )
  const { headline, methods } = JSON.parse(isoflop(['fit', '-', '--json', '--target', '1e21'], ray).stdout)
  assert.equal(headline.determined, false)
  assert.ok(headline.next.runs.length > 0)
  for (const { law, predictions, undetermined } of methods) if (law) assert.ok(undetermined && predictions.length === 0)
  const { stdout } = isoflop(['fit', '-', '--target', '1e21'], ray)
  assert.match(stdout, /do not determine a law: the runs all lie on the line D = 20.0 N/)
  assert.match(stdout, /Train 5 sizes/)
})

/** Runs at 1, 4, 16 and 64 epochs of a published law whose repeats are worth R* = 15.4, as people's tables have them. */
const epochsCsv = [
  'params,unique_tokens,epochs,tokens,loss',
  ...[1e8, 3e8, 1e9].flatMap((N) =>
    [1e8, 1e9, 1e10].flatMap((U) =>
      [1, 4, 16, 64].map((epochs) => {
        const taught = U * (1 - 15.4 * Math.expm1((1 - epochs) / 15.4))
        return `${N},${U},${epochs},${U * epochs},${1.69 + 406.4 * N ** -0.34 + 410.7 * taught ** -0.28}`
      }),
    ),
  ),
].join('\n')

test('--repeats: the fresh optimum of the law behind the runs, its R*, and a best run with the unique tokens one has', () => {
  const args = ['fit', '-', '--repeats', '--target', '1e21', '--unique-tokens', '1e10']
  const { status, stdout, stderr } = isoflop([...args, '--json'], epochsCsv)
  assert.equal(status, 0, stderr)
  const { repeats, methods, diagnostics } = JSON.parse(stdout)
  assert.deepEqual(methods, [])
  const [fresh] = repeats.fresh
  for (const [name, truth] of [
    ['parameters', 1.8242e9],
    ['tokens', 9.1363e10],
    ['loss', 2.32888],
  ] as const) {
    close(fresh[name].value, truth, 2e-3, name)
    const [low, high] = fresh[name].interval
    assert.ok(low <= truth && truth <= high, name)
  }
  assert.equal(repeats.tokens.kind, 'between')
  close(repeats.tokens.value, 15.4, 2e-3)
  assert.deepEqual(
    repeats.targets.map(({ unique }: { unique: number }) => unique),
    [1e10],
  )
  assert.ok(!diagnostics.some(({ code }: { code: string }) => code === 'repeats-counted-fresh'))
  const documented = readFileSync(fileURLToPath(new URL('../../docs/json.md', import.meta.url)), 'utf8')
  for (const key of Object.keys(repeats)) assert.ok(documented.includes(`\`${key}\``), `docs/json.md lacks ${key}`)
  assert.doesNotMatch(stdout, /NaN|Infinity/)
  const text = isoflop(args, epochsCsv).stdout
  assert.match(text, /1e10 unique tokens: N = 2\.44e9/)
  // Counted as fresh, the same runs say that of themselves, and the advice is this option.
  const plain = JSON.parse(
    isoflop(['fit', '-', '--method', 'surface', '--resamples', '20', '--json'], epochsCsv).stdout,
  )
  const advice = plain.diagnostics.find(({ code }: { code: string }) => code === 'repeats-counted-fresh').advice
  assert.match(advice, /^--repeats /)
})

const refused: [name: string, args: string[], input: string, code: keyof typeof errorTable][] = [
  ['a missing file', ['fit', 'missing.csv'], '', 'FILE_NOT_FOUND'],
  ['an empty file', ['fit', '-'], '', 'FILE_EMPTY'],
  ['a missing column', ['fit', '-'], 'N,loss\n1,2\n', 'COLUMN_MISSING'],
  ['a column that is not there', ['fit', '-', '--columns', 'loss=x'], csv('1,2,3'), 'COLUMN_UNKNOWN'],
  ['no usable row', ['fit', '-'], csv('x,1e18,3'), 'NO_USABLE_RUNS'],
  ['one budget', ['fit', '-'], csv('1e6,1e18,3', '2e6,1e18,4', '3e6,1e18,5'), 'ONE_BUDGET'],
  ['two runs', ['fit', '-'], csv('1e6,1e18,3', '2e6,1e19,4'), 'TOO_FEW_RUNS'],
  ['broken JSON', ['fit', '-'], '[{"N": 1,', 'FILE_FORMAT'],
  ['a target that is no number', ['fit', '-', '--target', '1e23,x'], runsCsv, 'BAD_OPTION'],
  ['an unknown method', ['fit', '-', '--method', 'magic'], runsCsv, 'BAD_OPTION'],
  ['a prior of something else', ['fit', '-', '--prior', 'gamma=1'], runsCsv, 'BAD_OPTION'],
  ['a prior of no number', ['fit', '-', '--prior', 'alpha=x'], runsCsv, 'BAD_OPTION'],
  ['a plateau above the losses', ['fit', '-', '--prior', 'E=1.2'], runsCsv, 'BAD_OPTION'],
  ['a prior with two widths', ['fit', '-', '--prior', 'q=1:2:3'], runsCsv, 'BAD_OPTION'],
  ['a confidence of 1', ['fit', '-', '--confidence', '1'], runsCsv, 'BAD_OPTION'],
  ['repeats where there are none', ['fit', '-', '--repeats'], runsCsv, 'NO_REPEATS'],
  ['unique tokens without repeats', ['fit', '-', '--unique-tokens', '1e10'], runsCsv, 'BAD_OPTION'],
  [
    'unique tokens that are no number',
    ['fit', '-', '--repeats', '--unique-tokens', '1e10,many'],
    runsCsv,
    'BAD_OPTION',
  ],
  ['an unknown option', ['fit', '-', '--fast'], runsCsv, 'BAD_OPTION'],
  ['no file', ['fit'], '', 'BAD_OPTION'],
  ['an unknown command', ['frobnicate'], '', 'BAD_OPTION'],
  ['a world that is not there', ['fit', 'world:moon'], '', 'BAD_OPTION'],
  [
    'a report that cannot be written',
    ['fit', '-', '--method', 'surface', '--report', `${bin}/x.html`],
    runsCsv,
    'OUTPUT_FAILED',
  ],
]
for (const [name, args, input, code] of refused)
  test(`${name} is refused with ${code}, in two lines without a stack`, () => {
    const { status, stdout, stderr } = isoflop(args, input)
    assert.equal(status, 2)
    assert.equal(stdout, '')
    const lines = stderr.trimEnd().split('\n')
    assert.ok(lines[0].startsWith(`error[${code}]: `), stderr)
    assert.equal(lines.length, 2, stderr)
    assert.ok(lines[1].length > 10)
  })

test('help fits on a screen, names every option and shows two examples', () => {
  const { status, stdout } = isoflop(['fit', '--help'])
  assert.equal(status, 0)
  const lines = stdout.trimEnd().split('\n')
  assert.ok(lines.length <= 50 && lines.every((line) => line.length <= 100), `${lines.length} lines`)
  assert.equal(stdout.split('Examples:')[1].match(/isoflop fit/g)?.length, 2)
  for (const option of [
    'target',
    'method',
    'columns',
    'confidence',
    'seed',
    'json',
    'report',
    'plots',
    'starts',
    'repeats',
  ])
    assert.ok(stdout.includes(`--${option}`), option)
})

test('a reader that stops early is no error', () => {
  const { status, stdout, stderr } = spawnSync(
    'sh',
    ['-c', `"${process.execPath}" "${bin}" fit world:handout --method surface --json | head -c 20`],
    { encoding: 'utf8' },
  )
  assert.equal(status, 0)
  assert.equal(stdout.length, 20)
  assert.equal(stderr, '')
})

test('an older Node starts the Node 24 that npm ci brought', {
  skip: existsSync('/usr/bin/node') ? false : 'there is one Node',
}, () => {
  const { status, stdout, stderr } = spawnSync('/usr/bin/node', [bin, '--version'], {
    encoding: 'utf8',
    env: { PATH: '/usr/bin:/bin' },
  })
  assert.equal(status, 0, stderr)
  assert.match(stdout, /^\d+\.\d+\.\d+\n$/)
})

test('--method joint prints the law of the settings, and its JSON has every documented field', () => {
  const { parameters, tokens, loss, tuning, size } = madeRuns(['rate', 'batch'], { seed: 21, noise: 0.003 })
  const rows = Array.from({ length: size }, (_, i) =>
    [parameters[i], tokens[i], tuning?.rate?.[i], tuning?.batch?.[i], loss[i]].join(','),
  )
  const table = ['N,D,lr,batch_size,loss', ...rows].join('\n')
  const text = isoflop(['fit', '-', '--method', 'joint', '--target', '1e21'], table)
  assert.equal(text.status, 0, text.stderr)
  assert.match(text.stdout, /best learning rate r\* = /)
  assert.match(text.stdout, /best batch B\* = .* sequences/)
  assert.doesNotMatch(text.stdout, /^norm|No method/m)
  const json = JSON.parse(isoflop(['fit', '-', '--method', 'joint', '--target', '1e21', '--json'], table).stdout)
  assert.deepEqual(json.methods, [])
  assert.deepEqual(json.headline.determined, true)
  const { joint } = json
  assert.deepEqual(joint.features, ['rate', 'batch'])
  assert.ok(joint.rate.parameters.interval[0] < -0.6 && joint.rate.parameters.interval[1] > -0.6)
  const documented = readFileSync(fileURLToPath(new URL('../../docs/json.md', import.meta.url)), 'utf8')
  const section = documented.slice(documented.indexOf('`joint`, where'))
  for (const key of Object.keys(joint)) assert.ok(section.includes(`\`${key}\``), `docs/json.md lacks joint.${key}`)
  const surface = isoflop(['fit', '-', '--method', 'surface', '--resamples', '20', '--json'], table)
  const codes = JSON.parse(surface.stdout).diagnostics.map(({ code }: { code: string }) => code)
  assert.ok(codes.includes('settings-unused'))
})
