import assert from 'node:assert/strict'
import { test } from 'node:test'
import { classListOf } from '../../src/server/class-list.ts'

const read = (text: string, nameColumn?: string) => classListOf('names.csv', text, nameColumn)
const labels = (text: string, nameColumn?: string) => read(text, nameColumn).people.map(({ label }) => label)

test('a class list is read as people write it', () => {
  const lists: Record<string, string> = {
    'names alone': 'Ada Lovelace\nAlan Turing\n',
    'names alone, quoted, with blank lines': '\n"Ada Lovelace"\n\nAlan Turing\n\n',
    'a head': 'Name\r\nAda Lovelace\r\nAlan Turing\r\n',
    'other columns': 'id,email,Full Name\n1,a@x,Ada Lovelace\n2,b@x,Alan Turing',
    semicolons: 'student;id\nAda Lovelace;7\nAlan Turing;8\n',
    tabs: 'student name\tid\nAda Lovelace\t7\nAlan Turing\t8\n',
    'first and last names': 'Last name,First name\nLovelace,Ada\nTuring,Alan\n',
  }
  for (const [what, text] of Object.entries(lists))
    assert.deepEqual(labels(text), ['Ada Lovelace', 'Alan Turing'], what)
  assert.deepEqual(labels('姓名,学号\n王小明,1\n'), ['王小明'])
  assert.deepEqual(labels('who,id\n"Lovelace, Ada",7\n', 'Who'), ['Lovelace, Ada'])
})

test('of a name stays what is seen, so that none turns its line around and none is there twice unseen', () => {
  const same = [
    'Ada\u200b Lovelace',
    '\ufeffAda Lovelace',
    ' Ada\u00a0\tLovelace ',
    '\u202eAda Lovelace\u202c',
    '\u2066Ada\u0000 Lovelace\u2069',
  ]
  for (const name of same) assert.deepEqual(labels(`name\n"${name}"\n`), ['Ada Lovelace'], JSON.stringify(name))
  assert.deepEqual(labels('\ufeffname,id\n"Ada\nLovelace",7\n'), ['Ada Lovelace'])
  assert.deepEqual(labels('Zoe\u0308\nZo\u00eb\n'), ['Zo\u00eb', 'Zo\u00eb'])
  // What some scripts write words with stays, and so does a name that runs from right to left.
  for (const name of ['נועה לוי', 'محمد', 'می\u200cخواهم', 'क्\u200dष', '李小红', "=Ada O'Neil-🦆"])
    assert.deepEqual(labels(`${name}\n`), [name])
})

test('what else the list has goes along; what will be ours is taken out', () => {
  const { columns, people } = read('name,budget,email,key,key_id\nAda,3e18,a@x,old,k1\nAlan,,b@x,,\n')
  assert.deepEqual(columns, ['name', 'email'])
  assert.deepEqual(people, [
    { label: 'Ada', budget: 3n * 10n ** 18n, cells: ['Ada', 'a@x'] },
    { label: 'Alan', budget: undefined, cells: ['Alan', 'b@x'] },
  ])
})

test('a list that is none says what is wrong with it', () => {
  const wrong: [string, string | undefined, string, RegExp][] = [
    ['id,mail\n1,a@x\n', undefined, 'COLUMN_MISSING', /no column of names; it has id, mail/],
    ['name,mail\nAda,a@x\n', 'who', 'COLUMN_MISSING', /no column "who"/],
    ['name\n', undefined, 'FILE_EMPTY', /no names/],
    ['name,mail\n,a@x\n', undefined, 'FILE_FORMAT', /row without a name: ,a@x/],
    ['name\n"Ada\n', undefined, 'FILE_FORMAT', /quote/],
    ['name,id\n\u200b\u202e,7\n', undefined, 'FILE_FORMAT', /row without a name/],
    [`name\n${'a'.repeat(201)}\n`, undefined, 'FILE_FORMAT', /a name of 201 characters/],
    ['name,budget\nAda,much\n', undefined, 'BAD_OPTION', /person 1 is "much"/],
    ['name,budget\nAda,-1\n', undefined, 'BAD_OPTION', /person 1 is "-1"/],
  ]
  for (const [text, column, code, message] of wrong)
    assert.throws(() => read(text, column), { code, message }, JSON.stringify(text))
})
