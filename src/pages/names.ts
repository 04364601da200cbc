import { isIP } from 'node:net'

/** The name of a Host header without its port: `[::1]:80` is `::1`. */
export function nameOfHost(header: string | undefined): string {
  const text = (header ?? '').toLowerCase()
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(text)
  return bracketed ? bracketed[1] : text.replace(/:\d+$/, '')
}

export const isLoopback = (name: string): boolean =>
  name === 'localhost' || name === '::1' || (isIP(name) === 4 && name.startsWith('127.'))

/**
 * Whether a page may be asked for under a name: its own, or an address. A site that points its own name at this machine sends that name along, and is told
 * from whoever was given the address by it.
 */
export const isOwnName = (name: string, host: string): boolean =>
  isLoopback(host) ? isLoopback(name) : isLoopback(name) || isIP(name) !== 0 || name === host.toLowerCase()
