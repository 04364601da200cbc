import assert from 'node:assert/strict'
import { execFileSync, execSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { conversion, encodingOf, encodingSample, likelyEncoding } from '../../src/core/encoding.ts'
import { random } from '../../src/core/random.ts'

const root = mkdtempSync(join(tmpdir(), 'isoflop-encoding-'))
after(() => rmSync(root, { recursive: true }))

const texts = {
  english: 'N,D,loss\n1e8,2e9,3.1\nThe quick brown fox, again and again.\n',
  german: 'Größe;Schritte;Verlust\r\n1,5;20;3,2\r\nÜber den Wolken muß die Freiheit wohl grenzenlos sein.\r\n',
  french: 'Le modèle a été entraîné, et la perte a baissé. Voilà où nous en étions hier.\n',
  russian: 'Модель обучалась на двадцати миллиардах слов, и потеря уменьшалась до самого конца.\n',
  greek: 'Το μοντέλο εκπαιδεύτηκε σε είκοσι δισεκατομμύρια λέξεις και η απώλεια μειώθηκε.\n',
  japanese: 'モデルは二百億語で学習され、損失は最後まで減り続けた。次の実験ではもっと大きくする。\n',
  korean: '모델은 이백억 단어로 학습되었고 손실은 끝까지 줄어들었다. 다음 실험에서는 더 크게 한다.\n',
  chinese: '这个模型在两百亿个词上学习，损失一直到最后都在下降。我们在下一次的实验中会用更大的。\n',
  taiwanese: '這個模型在兩百億個詞上學習，損失一直到最後都在下降。我們在下一次的實驗中會用更大的。\n',
  emoji: 'figures 1 2 3 \u{1f600} and more\n',
}

const iconv = (text: string, to: string): Buffer => execFileSync('iconv', ['-f', 'UTF-8', '-t', to], { input: text })

test('UTF-8 and what has a mark is read', () => {
  for (const text of ['', 'a', '0', ...Object.values(texts)]) {
    assert.deepEqual(encodingOf(Buffer.from(text)), { kind: 'text', name: 'UTF-8', markBytes: 0 }, text)
    const marked = `\ufeff${text}`
    assert.deepEqual(encodingOf(Buffer.from(marked)), { kind: 'text', name: 'UTF-8', markBytes: 3 })
    assert.deepEqual(encodingOf(Buffer.from(marked, 'utf16le')), { kind: 'text', name: 'UTF-16LE', markBytes: 2 })
    assert.deepEqual(encodingOf(Buffer.from(marked, 'utf16le').swap16()), {
      ...{ kind: 'text', name: 'UTF-16BE', markBytes: 2 },
    })
    for (const name of ['UTF-32LE', 'UTF-32BE'])
      assert.deepEqual(encodingOf(iconv(marked, name)), { kind: 'foreign', name: 'UTF-32' })
  }
})

test('UTF-16 and UTF-32 without a mark are told by their zeros, also cut off anywhere', () => {
  for (const text of Object.values(texts))
    for (const name of ['UTF-16LE', 'UTF-16BE', 'UTF-32LE', 'UTF-32BE']) {
      const bytes = iconv(text.repeat(2), name)
      for (const cut of [0, 1, 2, 3]) {
        const sample = bytes.subarray(0, bytes.length - cut)
        assert.deepEqual(encodingOf(sample), { kind: 'foreign', name }, `${name}: ${text}`)
      }
      const long = Buffer.concat(Array(1 + Math.ceil(encodingSample / bytes.length)).fill(bytes))
      assert.deepEqual(encodingOf(long), { kind: 'foreign', name })
    }
})

test('what is no text is said to be binary, and what it is where its first bytes tell', () => {
  const { integer } = random(3)
  const noise = Buffer.from(Array.from({ length: 5000 }, () => integer(256)))
  const tokens = Buffer.from(Uint16Array.from({ length: 3000 }, () => integer(50_000)).buffer)
  const words = Buffer.from(Uint32Array.from({ length: 3000 }, () => integer(50_000)).buffer)
  const floats = Buffer.from(Float32Array.from({ length: 3000 }, () => integer(1000) / 7).buffer)
  for (const bytes of [noise, tokens, words, floats, Buffer.alloc(100), Buffer.alloc(encodingSample)])
    assert.deepEqual(encodingOf(bytes), { kind: 'binary', what: 'binary' })
  assert.deepEqual(encodingOf(gzipSync('x')), { kind: 'binary', what: 'gzip' })
  assert.deepEqual(encodingOf(Buffer.from('%PDF-1.7\n...')), { kind: 'binary', what: 'a PDF document' })
  // One zero in a long text is a slip, not another encoding.
  assert.equal(encodingOf(Buffer.from(`${texts.english.repeat(20)}\0`)).kind, 'text')
})

test('other encodings are named as iconv takes them', () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    [texts.german, ['ISO-8859-1']],
    [texts.french, ['ISO-8859-1']],
    [`“${texts.french}”`, ['WINDOWS-1252']],
    [texts.russian, ['WINDOWS-1251', 'KOI8-R']],
    [texts.greek, ['WINDOWS-1253']],
    [texts.japanese, ['SHIFT_JIS', 'EUC-JP']],
    [texts.korean, ['EUC-KR']],
    [texts.chinese, ['GB18030']],
    [texts.taiwanese, ['BIG5']],
  ]
  for (const [text, names] of cases) for (const name of names) assert.equal(likelyEncoding(iconv(text, name)), name)
})

test('the command that converts does so, whatever the file is called', () => {
  for (const name of ['a.csv', 'two words.csv', "it's.csv", '-f.csv', '$(x) `y` "z".csv', 'plain', 'a.b_c'])
    for (const [text, encoding] of [
      [texts.english, 'UTF-16LE'],
      [texts.german, 'ISO-8859-1'],
      [texts.japanese, 'SHIFT_JIS'],
    ]) {
      writeFileSync(join(root, name), iconv(text, encoding))
      const command = conversion(name, encoding)
      execSync(command, { cwd: root, shell: '/bin/sh' })
      assert.equal(readFileSync(join(root, name.replace(/(\.[^.]*)?$/, '-utf8$1')), 'utf8'), text, command)
    }
  writeFileSync(join(root, 'x.txt.gz'), gzipSync(iconv(texts.french, 'ISO-8859-1')))
  execSync(conversion('x.txt.gz', 'ISO-8859-1', 'gunzip -c'), { cwd: root, shell: '/bin/sh' })
  assert.equal(readFileSync(join(root, 'x-utf8.txt'), 'utf8'), texts.french)
})
