import { chmodSync, existsSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Debian's package `faketime`, which moves the clock of whoever is started with it; null where it is not there. */
const library = ((): string | null => {
  if (process.platform !== 'linux') return null
  const folders = ['/usr/lib', ...readdirSync('/usr/lib').map((name) => join('/usr/lib', name))]
  const files = folders.map((folder) => join(folder, 'faketime/libfaketimeMT.so.1'))
  return files.find((file) => existsSync(file)) ?? null
})()

/** Why clocks cannot be moved here; false where they can. */
export const noClocks = library === null ? 'libfaketime is not here (Debian: faketime)' : false

/** How far a clock is off. */
export type Offset = '+0' | '+1d' | '-1d'

/** A clock that programs are started with, and that jumps while they run. */
export interface MovedClock {
  readonly env: Readonly<Record<string, string>>
  jump(to: Offset): void
  remove(): void
}

/** A clock that is right at first. The monotonic one stays as it is, as on a machine whose time is set. */
export function movedClock(): MovedClock {
  const folder = mkdtempSync(join(tmpdir(), 'isoflop-clock-'))
  chmodSync(folder, 0o755) // PostgreSQL is somebody else
  const file = join(folder, 'offset')
  const jump = (to: Offset) => {
    writeFileSync(`${file}.new`, `${to}\n`, { mode: 0o644 })
    renameSync(`${file}.new`, file) // never half of it
  }
  jump('+0')
  return {
    env: {
      LD_PRELOAD: library!,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      DONT_FAKE_MONOTONIC: '1',
    },
    jump,
    remove: () => rmSync(folder, { recursive: true }),
  }
}
