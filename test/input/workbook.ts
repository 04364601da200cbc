import { crc32, deflateRawSync } from 'node:zlib'
import { writeXlsx } from 'hucre/xlsx'

type Cells = readonly (readonly (string | number | boolean | null)[])[]

/** An Excel workbook of these sheets. */
export const workbook = (sheets: Readonly<Record<string, Cells>>): Promise<Uint8Array> =>
  writeXlsx({ sheets: Object.entries(sheets).map(([name, rows]) => ({ name, rows: rows.map((row) => [...row]) })) })

/** A zip archive of these files, of which each says how long it is, or lies. */
export function zip(files: Readonly<Record<string, { content: string | Buffer; saidLength?: number }>>): Buffer {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const [name, { content, saidLength }] of Object.entries(files)) {
    const bytes = Buffer.from(content)
    const packed = deflateRawSync(bytes, { level: 1 })
    const head = Buffer.alloc(26)
    head.writeUInt16LE(20, 0)
    head.writeUInt16LE(8, 4)
    head.writeUInt32LE(crc32(bytes), 10)
    head.writeUInt32LE(packed.length, 14)
    head.writeUInt32LE(saidLength ?? bytes.length, 18)
    head.writeUInt16LE(name.length, 22)
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), head, Buffer.from(name), packed])
    const end = Buffer.alloc(14)
    end.writeUInt32LE(offset, 10)
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00', 'latin1'), head, end, Buffer.from(name)]))
    parts.push(local)
    offset += local.length
  }
  const tail = Buffer.alloc(18)
  tail.writeUInt16LE(directory.length, 4)
  tail.writeUInt16LE(directory.length, 6)
  tail.writeUInt32LE(
    directory.reduce((sum, { length }) => sum + length, 0),
    8,
  )
  tail.writeUInt32LE(offset, 12)
  return Buffer.concat([...parts, ...directory, Buffer.from('PK\x05\x06'), tail])
}

const xmlHead = '<?xml version="1.0" encoding="UTF-8"?>'
const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main'
const relations = 'http://schemas.openxmlformats.org/package/2006/relationships'
const office = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'

/** A workbook whose one sheet is this XML. */
export const workbookOf = (sheet: string | Buffer, saidLength?: number): Buffer =>
  zip({
    '[Content_Types].xml': {
      content: `${xmlHead}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>`,
    },
    '_rels/.rels': {
      content: `${xmlHead}<Relationships xmlns="${relations}"><Relationship Id="rId1" Type="${office}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    },
    'xl/workbook.xml': {
      content: `${xmlHead}<workbook xmlns="${main}" xmlns:r="${office}"><sheets><sheet name="Runs" sheetId="1" r:id="rId1"/></sheets></workbook>`,
    },
    'xl/_rels/workbook.xml.rels': {
      content: `${xmlHead}<Relationships xmlns="${relations}"><Relationship Id="rId1" Type="${office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`,
    },
    'xl/worksheets/sheet1.xml': { content: sheet, ...(saidLength !== undefined && { saidLength }) },
  })

/** The XML of a sheet with these rows. */
export const sheetOf = (rows: string): string =>
  `${xmlHead}<worksheet xmlns="${main}"><sheetData>${rows}</sheetData></worksheet>`
