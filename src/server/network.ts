import { isIPv6 } from 'node:net'

/**
 * Who an address belongs to: itself, or the first 64 bits of an IPv6 address, of which one machine has as many as it likes. An address may
 * be written in any way, as it may come from a reverse proxy.
 * @example networkOf('2001:db8::7') // '2001:db8:0:0'
 */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped !== undefined) return mapped
  const [unscoped] = address.split('%')
  if (!isIPv6(unscoped)) return address
  const shortest = new URL(`http://[${unscoped}]`).hostname.slice(1, -1)
  const [before, after] = shortest.split('::').map((part) => part.split(':').filter((group) => group !== ''))
  const zeros = after === undefined ? 0 : 8 - before.length - after.length
  return [...before, ...Array(zeros).fill('0'), ...(after ?? [])].slice(0, 4).join(':')
}
