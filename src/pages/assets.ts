import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'

/** A file of the pages, and a name of its content. */
export interface Asset {
  readonly type: string
  readonly body: Uint8Array
  readonly etag: string
}

/** The scripts and the style sheet of the pages, by their names. */
export type Assets = ReadonlyMap<string, Asset>

const types: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
}

const place = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/**
 * What the browser loads: from the package, where it was bundled when that was built; in a clone it is bundled now, which takes a second, and once for
 * each process.
 */
export function loadAssets(): Promise<Assets> {
  loaded ??= bundled().then(
    (files) => new Map(Object.entries(files).map(([name, body]) => [name, assetOf(name, body)])),
  )
  return loaded
}

let loaded: Promise<Assets> | null = null

function assetOf(name: string, body: Uint8Array): Asset {
  const type = types[name.slice(name.lastIndexOf('.') + 1)]
  return { type, body, etag: `"${createHash('sha256').update(body).digest('hex').slice(0, 20)}"` }
}

async function bundled(): Promise<Readonly<Record<string, Uint8Array>>> {
  const source = place('../web/session.ts')
  if (existsSync(source)) {
    const bundler = new URL('../../scripts/web.js', import.meta.url).href
    const { bundleWeb } = (await import(bundler)) as { bundleWeb(): Promise<{ files: Record<string, Uint8Array> }> }
    return (await bundleWeb()).files
  }
  const folder = place('../web/')
  const names = readdirSync(folder).filter((name) => /\.(?:js|css)\.gz$/.test(name))
  return Object.fromEntries(names.map((name) => [name.slice(0, -3), gunzipSync(readFileSync(join(folder, name)))]))
}
