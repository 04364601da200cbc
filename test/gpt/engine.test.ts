import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type Engine, openEngine, webEngine } from '../../src/gpt/engine.ts'
import { layoutOf } from '../../src/gpt/state.ts'
import { close } from '../support.ts'
import { hashedSequences, hashedWeights } from './hashed.ts'
import { nativeEngine, openProbe, pinnedCut, pinnedShape, worstError } from './models.ts'

/** Loss and gradients of the pinned model with masks. */
async function probed(engine: Engine) {
  const weights = hashedWeights(pinnedShape)
  const sequences = hashedSequences(pinnedShape, 0, 3)
  const probe = await openProbe(engine, { shape: pinnedShape, cut: pinnedCut, weights, sequences, masked: true })
  const loss = await probe.run()
  await probe.close()
  return { loss, gradients: probe.gradients }
}

/** Asserts that an engine gives what the native one does, to 1e-5. */
async function agrees(engine: Engine, t: TestContext): Promise<void> {
  const native = await probed(await nativeEngine())
  const other = await probed(engine)
  close(other.loss, native.loss, 1e-6)
  const errors = layoutOf(pinnedShape).parameters.map(({ name, from, to }) => {
    const error = worstError(other.gradients.subarray(from, to), native.gradients.subarray(from, to))
    assert.ok(error < 1e-5, `${name} is off by ${error}`)
    return error
  })
  t.diagnostic(`${engine.name}: gradients ${Math.max(...errors).toExponential(1)} off`)
}

test('WebAssembly gives what the native engine does, and says that it is slow', async (t) => {
  const engine = await webEngine(1, 'a test')
  assert.match(engine.name, /^onnxruntime-web [\d.]+ on cpu, 1 thread$/)
  assert.match(engine.note!, /cannot be loaded \(a test\)/)
  await agrees(engine, t)
})

test('the native engine says what it is', async () => {
  const { name, note } = await openEngine({ device: 'cpu', threads: 2 })
  assert.match(name, /^onnxruntime-node [\d.]+ on cpu, 2 threads$/)
  assert.equal(note, null)
})

// A WebGPU device in software, SwiftShader, is in the npm package @sparticuz/chromium (bin/swiftshader.tar.br); unpacked into DIR:
// VK_ICD_FILENAMES=DIR/vk_swiftshader_icd.json LD_LIBRARY_PATH=DIR node --test test/gpt/engine.test.ts
for (const device of ['webgpu', 'cuda'] as const)
  test(`${device} gives what the CPU does`, async (t) => {
    const engine = await openEngine({ device, threads: 1 })
    try {
      await agrees(engine, t)
    } catch (error) {
      const { code, message } = error as { code?: string; message: string }
      if (code !== 'DEVICE_UNAVAILABLE') throw error
      t.skip(`there is no such device here: ${message.slice(0, 120)}`)
    }
  })
