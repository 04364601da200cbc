import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { installing } from '../src/core/packages.ts'

const read = (file: string) => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8')
const described = JSON.parse(read('package.json'))

test('npm runs no install script, though ours before packing: the lock names none (npm run lock takes them out)', () => {
  const { packages } = JSON.parse(read('package-lock.json')) as {
    packages: Record<string, { hasInstallScript?: boolean }>
  }
  const named = Object.entries(packages).flatMap(([name, { hasInstallScript }]) => (hasInstallScript ? [name] : []))
  assert.deepEqual(named, [])
  assert.doesNotMatch(read('.npmrc'), /ignore-scripts/)
})

test('what is optional is here for the tests, in the version that is asked for', () => {
  const { peerDependencies, peerDependenciesMeta, dependencies, devDependencies } = described
  for (const [name, version] of Object.entries(peerDependencies)) {
    assert.deepEqual(peerDependenciesMeta[name], { optional: true })
    assert.equal(devDependencies[name], version)
    assert.ok(!(name in dependencies), `${name} is optional and comes along all the same`)
  }
})

test('nothing says where the package lives before it does', () => {
  for (const field of ['repository', 'homepage', 'bugs']) assert.ok(!(field in described), field)
})

test('CITATION.cff names this version', () => {
  assert.match(read('CITATION.cff'), new RegExp(`^version: ${described.version.replaceAll('.', '\\.')}$`, 'm'))
})

test('what to install is said for where isoflop is', () => {
  const named = `onnxruntime-node@${described.peerDependencies['onnxruntime-node']}`
  const clone = new URL('..', import.meta.url).pathname.replace(/\/$/, '')
  assert.equal(installing(['onnxruntime-node'], clone), 'npm ci')
  assert.equal(
    installing(['onnxruntime-node'], '/home/me/.npm/_npx/3f2a/node_modules/isoflop'),
    `npx --package=${named} --package=isoflop -- isoflop ...`,
  )
  assert.equal(
    installing(['onnxruntime-node'], '/usr/lib/node_modules/isoflop'),
    `npm install --global --ignore-scripts ${named}`,
  )
  assert.equal(
    installing(['onnxruntime-node'], `${clone}/node_modules/isoflop`),
    `npm install --ignore-scripts ${named}`,
  )
})

test('the Dockerfile installs what is optional by its name, and starts what the package has', () => {
  const file = read('Dockerfile')
  const named = [
    ...file.matchAll(/(\S+?)@\$\(node -p "require\('isoflop\/package\.json'\)\.peerDependencies\['([^']+)'\]"\)/g),
  ]
  assert.equal(named.length, 3)
  for (const [, installed, asked] of named) {
    assert.equal(installed, asked)
    assert.ok(asked in described.peerDependencies, asked)
  }
  assert.ok('./package.json' in described.exports)
  assert.ok(file.includes(`/app/node_modules/isoflop/${described.bin.isoflop}`))
  // Nothing is fetched but by npm.
  assert.doesNotMatch(file, /curl|wget|apt|https:|ADD /)
})
