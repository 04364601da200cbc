import assert from 'node:assert/strict'
import { type ChildProcess, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { test } from 'node:test'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { handoutRuns } from '../../src/world/handout.ts'
import { folder, install, node20, ourPackage, pack, root, shell, started } from './package/packed.ts'

// The package as somebody has it: packed in a clean clone, installed in an empty folder from the registry, run by Node 20 and by 24.
// Also where packing fails, before there is a test.
process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))

const old = node20()
const packed = pack(old.node ?? process.execPath)
const installed = install('installed', [packed.tarball], old.node ?? process.execPath)
const { cwd } = installed
const skip = installed.reason ?? false
const skip20 = installed.reason ?? old.reason ?? false
const on24 = { cwd, node: process.execPath }
const on20 = { cwd, node: old.node! }
const isoflop = (args: readonly string[], on: { cwd: string; node: string }) =>
  shell('npx', ['--no-install', 'isoflop', ...args], on)
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

test('the tarball has the code, and all that README leads to', () => {
  const files = new Set(packed.files)
  for (const file of [
    'bin/isoflop.js',
    'dist/index.js',
    'dist/index.d.ts',
    'dist/cli/main.js',
    'CITATION.cff',
    'LICENSE',
  ])
    assert.ok(files.has(file), `${file} is not in it`)
  assert.ok(packed.files.some((file) => file.endsWith('.sql')))
  const links = [...readFileSync(join(root, 'README.md'), 'utf8').matchAll(/\]\((?!https?:)([^)#]+)/g)].map(
    ([, to]) => to,
  )
  const commands = [...readFileSync(join(root, 'README.md'), 'utf8').matchAll(/\b(?:data|examples)\/[\w./-]+\w/g)].map(
    ([to]) => to,
  )
  assert.ok(links.length > 10 && commands.length > 3)
  const isIn = (place: string) => files.has(place) || packed.files.some((file) => file.startsWith(`${place}/`))
  for (const place of [...links, ...commands])
    assert.ok(isIn(posix.normalize(place)), `README leads to ${place}, which is not in it`)
  assert.ok(!packed.files.some((file) => /^(src|test|node_modules|runtime)\//.test(file)))
})

test('npm has nothing to warn of on Node 20', { skip: skip20 }, () => assert.equal(installed.warned, ''))

test('it takes less than 60 MB with what it needs, and brings nothing heavy', { skip }, () => {
  const { stdout } = spawnSync('du', ['-sk', 'node_modules'], { cwd, encoding: 'utf8' })
  const megabytes = Number.parseInt(stdout, 10) / 1024
  assert.ok(megabytes > 10 && megabytes < 60, `${megabytes} MB`)
})

test('on Node 20 alone the command says in one line what to do', { skip: skip20 }, () => {
  const { status, stdout, stderr } = isoflop(['--version'], on20)
  assert.deepEqual([status, stdout], [2, ''])
  assert.match(
    stderr,
    /^error\[NODE_TOO_OLD\]: .* needs Node 24, this is v20\.\d+\.\d+: run "npm install node-\S+@24\.\d+\.\d+".*\n$/,
  )
})

test('on Node 20 the command runs by a Node 24 of a package, or of a manager of versions', { skip: skip20 }, () => {
  const name = ourPackage()!
  symlinkSync(join(root, 'node_modules', name), join(cwd, 'node_modules', name))
  assert.equal(isoflop(['--version'], on20).stdout, `${version}\n`)
  rmSync(join(cwd, 'node_modules', name))
  const kept = join(folder, 'NVM_DIR/versions/node')
  for (const [release, node] of [
    ['v22.1.0', old.node!],
    ['v24.1.0', process.execPath],
  ]) {
    mkdirSync(join(kept, release, 'bin'), { recursive: true })
    symlinkSync(node, join(kept, release, 'bin/node'))
  }
  assert.equal(isoflop(['--version'], on20).stdout, `${version}\n`)
  rmSync(join(kept, 'v24.1.0'), { recursive: true })
  assert.equal(isoflop(['--version'], on20).status, 2)
})

test('a fit and a campaign run where it is installed; what is heavy is asked for by name', { skip }, () => {
  const fit = isoflop(
    ['fit', 'world:handout', '--resamples', '20', '--starts', '30', '--plots', 'plots', '--report', 'fit.html'],
    on24,
  )
  assert.equal(fit.status, 0, fit.stderr)
  assert.match(fit.stdout, /norm +0\.5\d\d/)
  assert.match(
    fit.stderr,
    /SVG alone.* @resvg\/resvg-js,.*\n {2}Install it: npm install --ignore-scripts @resvg\/resvg-js@\S+ dejavu-fonts-ttf@\S+\n$/,
  )
  const campaign = isoflop(['campaign', '--world', 'seed:7', '--strategy', 'profiles-parabola', '--out', 'out'], on24)
  assert.equal(campaign.status, 0, campaign.stderr)
  assert.match(readFileSync(join(cwd, 'out/report.html'), 'utf8'), /<svg/)
  writeFileSync(
    join(cwd, 'text.txt'),
    'One line of text, and another one that differs by its number: 7.\n'.repeat(4000),
  )
  const corpus = isoflop(['corpus', 'prepare', 'text.txt', '--out', 'corpus'], on24)
  assert.equal(corpus.status, 0, corpus.stderr)
  const train = isoflop(
    [
      'train',
      '--corpus',
      'corpus',
      '--steps',
      '1',
      '--d-model',
      '32',
      '--num-layers',
      '1',
      '--num-heads',
      '1',
      '--batch-size',
      '1',
      '--learning-rate',
      '1e-3',
    ],
    on24,
  )
  assert.equal(train.status, 2)
  assert.match(
    train.stderr,
    /error\[PACKAGE_MISSING\]: .* onnxruntime-node, .*\n {2}Install it: npm install --ignore-scripts onnxruntime-node@1\.\S+\n$/,
  )
})

test('a server starts where it is installed, answers, says what /docs needs, and stops', { skip }, async () => {
  const server = started('npx', ['--no-install', 'isoflop', 'serve', '--port', '0', '--db', 'served.sqlite'], on24)
  try {
    const query = await queryOf(server)
    const answer = await fetch(query)
    assert.equal(answer.status, 200, await answer.text())
    const page = await fetch(new URL('/docs', query))
    assert.equal(page.status, 404)
    assert.match(await page.text(), /npm install --ignore-scripts @fastify\/swagger-ui@/)
    const described = await (await fetch(new URL('/docs/json', query))).json()
    assert.ok('/loss' in (described as { paths: object }).paths)
  } finally {
    server.kill('SIGTERM')
  }
  await once(server, 'exit')
})

/** The query to try that a server prints once it listens. */
const queryOf = ({ stdout, stderr }: ChildProcess): Promise<string> =>
  new Promise((resolve, reject) => {
    let printed = ''
    const take = (part: Buffer) => {
      printed += part
      const query = /curl '(\S+)'/.exec(printed)?.[1]
      if (query) resolve(query)
    }
    stdout!.on('data', take).on('end', () => reject(new Error(printed)))
    stderr!.on('data', take)
  })

/** The same runs as CSV, JSON and Parquet. */
function writeRuns(): string[] {
  const { parameters, flops, loss } = handoutRuns()
  const columns = { parameters, flops, loss }
  const names = Object.keys(columns) as (keyof typeof columns)[]
  const rows = Array.from(loss, (_, i) => names.map((name) => columns[name][i]))
  const files = {
    'runs.csv': [names, ...rows].map((row) => row.join()).join('\n'),
    'runs.json': JSON.stringify(rows.map((row) => Object.fromEntries(row.map((value, k) => [names[k], value])))),
    'runs.parquet': Buffer.from(
      parquetWriteBuffer({
        columnData: names.map((name) => ({ name, data: Array.from(columns[name]), type: 'DOUBLE' })),
      }),
    ),
  }
  for (const [file, content] of Object.entries(files)) writeFileSync(join(cwd, file), content)
  return Object.keys(files)
}

for (const [name, on, why] of [
  ['20', on20, skip20],
  ['24', on24, skip],
] as const)
  test(`the library fits, plays and reports on Node ${name}`, { skip: why }, () => {
    cpSync(join(root, 'test/cli/package/library.mjs'), join(cwd, 'library.mjs'))
    const { status, stdout, stderr } = shell(on.node, ['library.mjs', ...writeRuns()], on)
    assert.equal(status, 0, stderr)
    assert.equal(stderr, '')
    assert.match(stdout, /^norm 3\.\de\+11\ncampaign [234]\.\d\d\n$/)
  })

const typed = `import { analyse, IsoflopError, type Run, runsOf, type Runs, surfaceLoss } from 'isoflop'
import { drawnWorld } from 'isoflop/world/drawn'

const law = { E: 1.8, A: 480, alpha: 0.35, B: 2100, beta: 0.37, q: 1 }
const run = (flops: number, ratio: number): Run => {
  const parameters = ratio * 0.0475 * flops ** 0.514
  const tokens = flops / 6 / parameters
  return { parameters, tokens, flops, loss: surfaceLoss(law, parameters, tokens) }
}
const runs: Runs = runsOf([1e18, 1e19, 1e20].flatMap((flops) => [0.25, 0.5, 1, 2, 4].map((ratio) => run(flops, ratio))))
const { methods } = await analyse({ runs }, { methods: ['surface'], targets: [1e22], resamples: 20 })
const form: string = drawnWorld(7).form
try {
  runsOf([]).size satisfies number
  throw new IsoflopError('BAD_OPTION', form, 'none')
} catch (error) {
  if (error instanceof IsoflopError) console.log(error.code, methods.length)
}
`

test('a program in TypeScript is checked against its types, and runs', { skip }, () => {
  writeFileSync(join(cwd, 'typed.ts'), typed)
  writeFileSync(join(cwd, 'wrong.ts'), `import { runsOf } from 'isoflop'\nrunsOf('runs.csv')\n`)
  const check = (file: string) =>
    shell(
      process.execPath,
      [
        join(root, 'node_modules/typescript/bin/tsc'),
        '--strict',
        '--noEmit',
        '--module',
        'nodenext',
        '--target',
        'es2022',
        '--typeRoots',
        join(root, 'node_modules/@types'),
        '--types',
        'node',
        file,
      ],
      on24,
    )
  const right = check('typed.ts')
  assert.equal(right.status, 0, right.stdout)
  assert.match(check('wrong.ts').stdout, /wrong\.ts.*TS2345/)
  const ran = shell(process.execPath, ['typed.ts'], on24)
  assert.equal(ran.stdout, 'BAD_OPTION 1\n', ran.stderr)
})
