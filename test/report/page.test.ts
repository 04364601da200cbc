import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Block, facts, figuresOf, heading, list, paragraph, table } from '../../src/report/page/blocks.ts'
import { htmlOf } from '../../src/report/page/html.ts'
import { markdownOf } from '../../src/report/page/markdown.ts'
import { textOf } from '../../src/report/page/text.ts'

const figure = { name: 'f', title: 'A figure', caption: 'What it shows.', alt: 'What is drawn.', svg: '<svg></svg>' }

/** Every kind of block, with a text everywhere that a text may be. */
const everyBlock = (text: string): Block[] => [
  heading(text),
  paragraph(text, { strong: text }, { code: text }, { formula: text }),
  ...list([text, [text, { strong: text }]]),
  facts([[text, text]]),
  ...table(['a', text], [[text, { value: '1', interval: text }]]),
  { kind: 'diagnostics', items: [{ severity: 'warning', code: 'outliers', message: text, advice: text }] },
  { kind: 'figure', figure: { ...figure, title: text, caption: text, alt: text } },
  { kind: 'section', title: text, isClosed: true, blocks: list([text]) },
  { kind: 'section', title: text, blocks: [{ kind: 'figure', figure }] },
]

test('no text of a document becomes markup, in HTML or in Markdown', () => {
  const plain = htmlOf({ title: '', blocks: everyBlock('') })
  const tags = (page: string) => page.match(/<\/?[a-z][^>]*>/g)?.length
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('<', 'b', '>', '&', '"', "'", '/', ' ', '*', '_', '|', '`') }),
      (text) => {
        assert.equal(tags(htmlOf({ title: text, blocks: everyBlock(text) })), tags(plain))
        const markdown = markdownOf({ title: text, blocks: everyBlock(text) }, 'figures')
        assert.doesNotMatch(markdown.replaceAll(/(`+)(?!`).*?(?<!`)\1(?!`)/gs, ''), /<b/)
        for (const row of markdown.split('\n').filter((line) => line.startsWith('| ')))
          assert.equal(row.replaceAll('\\|', '').match(/\|/g)?.length, 3, row)
      },
    ),
  )
})

test('words keep their order in all three, and a terminal has lines of at most 100 columns', () => {
  const word = fc.stringMatching(/^[a-z]{1,12}$/)
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 60 }), (words) => {
      const text = words.join(' ')
      const blocks = [paragraph(text), ...list([text])]
      assert.ok(htmlOf({ title: 't', blocks }).includes(`<p>${text}</p>`))
      assert.ok(markdownOf({ title: 't', blocks }, 'figures').includes(`\n${text}\n\n- ${text}\n`))
      const lines = textOf([blocks]).split('\n')
      assert.ok(lines.every((line) => line.length <= 100))
      assert.equal(lines.map((line) => line.trim()).join(' '), `${text} ${text}`)
    }),
  )
})

test('powers are raised in HTML and written out elsewhere', () => {
  const blocks = [paragraph({ formula: 'N = k C^a, D^-0.27, (A / N^alpha)^(1/q)' })]
  assert.match(
    htmlOf({ title: '', blocks }),
    /C<sup>a<\/sup>, D<sup>-0\.27<\/sup>, \(A \/ N<sup>alpha<\/sup>\)<sup>1\/q<\/sup>/,
  )
  assert.match(markdownOf({ title: '', blocks }, ''), /C\^a, D\^-0\.27, \(A \/ N\^alpha\)\^\(1\/q\)/)
  assert.equal(textOf([blocks]), 'N = k C^a, D^-0.27, (A / N^alpha)^(1/q)')
})

test('on a terminal groups stand apart, sections are indented, columns line up, and titles may be bold', () => {
  const section: Block = {
    kind: 'section',
    title: 'Sizes:',
    blocks: table(
      ['name', 'N'],
      [
        ['a', '10'],
        ['bcdef', '7'],
      ],
    ),
  }
  const text = textOf([[section, ...list(['one'])], [], list(['two'])])
  assert.equal(text, 'Sizes:\n  name    N\n  a      10\n  bcdef   7\none\n\ntwo')
  assert.ok(textOf([[section]], { bold: true }).startsWith('\u001b[1mSizes:\u001b[22m\n'))
})

test('what has no items and no rows is left out, and figures are found in sections', () => {
  assert.deepEqual([...list([]), ...table(['a'], [])], [])
  assert.deepEqual(
    figuresOf(everyBlock('x')).map(({ name }) => name),
    ['f', 'f'],
  )
})
